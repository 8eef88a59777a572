package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/internal/traces"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/profile"
	"github.com/sonde-go/sonde/report/stacks"
)

// selectFlags choose traces of the store.
type selectFlags struct {
	StoreFlags
	Service string    `help:"Only those in which this service took part." placeholder:"NAME"`
	Name    string    `help:"Only those whose root is of this name, such as \"GET /cart\" or http." placeholder:"NAME"`
	Since   sinceFlag `help:"Only those that began in the last 90m, 12h or 7d, or at a UTC time or after it." placeholder:"TIME"`
	Before  sinceFlag `help:"Only those that began before that, said in the same way." placeholder:"TIME"`
	Limit   uint      `help:"At most so many of a group, the newest; ${default}, 0 for all." default:"1000" placeholder:"N"`
}

func (f *selectFlags) given() bool {
	return f.Service != "" || f.Name != "" || !f.Since.IsZero() || !f.Before.IsZero()
}

const groupHelp = `a trace's id, the beginning of it or last, a file as "trace show" reads it, or @FILE with a line for each of them`

// gatherer reads traces into profiles.
type gatherer struct {
	*selectFlags
	s     streams
	store *drivers.Store // nil until it is needed
	bar   *progressBar
	read  int

	stacks *stacks.Stacks // nil unless they are wanted: of all traces
}

// gather hands a gatherer to do and closes what that has opened.
func (f *selectFlags) gather(s streams, do func(*gatherer) error) error {
	g := &gatherer{selectFlags: f, s: s, bar: newProgressBar(s.err, "trace")}
	err := do(g)
	g.bar.clear()
	if g.store != nil {
		g.store.Close()
	}
	return err
}

func (g *gatherer) open(ctx context.Context) (err error) {
	if g.store == nil {
		g.store, err = g.StoreFlags.Open(ctx)
	}
	return err
}

// named adds the traces that arguments name.
func (g *gatherer) named(ctx context.Context, args ...string) (*profile.Profile, error) {
	p := profile.New()
	for _, arg := range args {
		names := []string{arg}
		if file, ok := strings.CutPrefix(arg, "@"); ok {
			var err error
			if names, err = readLines(file); err != nil {
				return nil, err
			}
		}
		for _, name := range names {
			r, err := readNamed(g.s, name)
			if err == nil && r == nil {
				r, err = g.stored(ctx, name)
			}
			if err != nil {
				return nil, err
			}
			g.add(p, r)
		}
	}
	return p, nil
}

// readLines are the lines of a file that are not empty and begin with no "#".
func readLines(file string) (lines []string, err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	for scan := bufio.NewScanner(bytes.NewReader(data)); scan.Scan(); {
		if line := strings.TrimSpace(scan.Text()); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return nil, fmt.Errorf("%s names no trace", file)
	}
	return lines, nil
}

// selected adds the traces that the flags choose, as [traces.Selection] does.
func (g *gatherer) selected(ctx context.Context, split time.Time) (before, after *profile.Profile, err error) {
	if err := g.open(ctx); err != nil {
		return nil, nil, err
	}
	chosen := traces.Selection{Service: g.Service, Name: g.Name, Since: g.Since.Time, Before: g.Before.Time, Limit: int(g.Limit)}
	return chosen.Profiles(ctx, g.store, split, g.added)
}

// stored reads a trace that is named by its id, as resolve takes it.
func (g *gatherer) stored(ctx context.Context, name string) (*report.Report, error) {
	if err := g.open(ctx); err != nil {
		return nil, err
	}
	id, err := traces.Resolve(ctx, g.store, name)
	if err != nil {
		return nil, err
	}
	r, err := traces.Records(ctx, g.store, id)
	if err == nil && r.Len() == 0 {
		err = g.notFound(id, r)
	}
	return r, err
}

func (g *gatherer) add(p *profile.Profile, r *report.Report) {
	p.Add(r)
	g.added(r)
}

// added counts a trace, and keeps what is asked of it.
func (g *gatherer) added(r *report.Report) {
	if g.stacks != nil {
		g.stacks.Add(r, report.Options{})
	}
	g.read++
	g.bar.set(g.read, 0)
}

// some wants a group of traces to have one.
func some(p *profile.Profile, which string) error {
	if p.Traces > 0 {
		return nil
	}
	return errors.New("no trace " + which)
}
