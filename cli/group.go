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
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/findings"
	"github.com/sonde-go/sonde/report/profile"
	"github.com/sonde-go/sonde/report/stacks"
)

// selectFlags choose traces of the store.
type selectFlags struct {
	storeFlags
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
		g.store, err = g.storeFlags.open(ctx)
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

// selected adds the traces that the flags choose, the newest first: those that began
// before split to the first profile, and the others to the second. Without split all
// are others.
func (g *gatherer) selected(ctx context.Context, split time.Time) (before, after *profile.Profile, err error) {
	if err := g.open(ctx); err != nil {
		return nil, nil, err
	}
	full := func(p *profile.Profile) bool { return g.Limit > 0 && p.Traces >= int(g.Limit) }
	before, after = profile.New(), profile.New()
	q := drivers.Query{Since: g.Since.Time, Service: g.Service, Limit: mostListed}
	if g.Limit > 0 {
		q.Limit = min(q.Limit, int(g.Limit))
	}
	for !full(after) || !split.IsZero() && !full(before) {
		page, err := g.page(ctx, q)
		if err != nil {
			return nil, nil, err
		}
		for _, t := range page {
			p := after
			if t.began.Before(split) {
				p = before
			}
			if full(p) || !g.Before.IsZero() && !t.began.Before(g.Before.Time) {
				continue
			}
			r, err := g.trace(ctx, t.id)
			if err != nil {
				return nil, nil, err
			}
			if g.Name == "" || rootIs(r, g.Name) {
				g.add(p, r)
			}
		}
		last := len(page) - 1
		if len(page) < q.Limit || page[last].place == q.Before {
			break
		}
		q.Before = page[last].place
	}
	return before, after, nil
}

// listed is a line of a list of traces. One whose time cannot be read began when time
// did.
type listed struct {
	id    string
	began time.Time
	place drivers.Cursor
}

// mostListed is how many traces are listed before they are read, since not every store
// does both at once.
const mostListed = 500

// page lists some traces.
func (g *gatherer) page(ctx context.Context, q drivers.Query) (list []listed, err error) {
	for t, err := range g.store.Traces(ctx, q) {
		if err != nil {
			return nil, err
		}
		began, _ := began(&t)
		list = append(list, listed{strings.Clone(t.ID), began, t.Cursor()})
	}
	return list, nil
}

// rootIs says whether a trace's root is a point of that name, or did what it says.
func rootIs(r *report.Report, name string) bool {
	head, steps := findings.Steps(r, findings.Options{})
	for i := range steps {
		if s := &steps[i]; s.Point == head.Point {
			return s.Title == name || s.Point.Name == name || s.Does.What == name
		}
	}
	return false
}

// stored reads a trace that is named by its id, as resolve takes it.
func (g *gatherer) stored(ctx context.Context, name string) (*report.Report, error) {
	if err := g.open(ctx); err != nil {
		return nil, err
	}
	id, err := resolve(ctx, g.store, name)
	if err != nil {
		return nil, err
	}
	r, err := g.trace(ctx, id)
	if err == nil && r.Len() == 0 {
		err = g.notFound(id, r)
	}
	return r, err
}

func (g *gatherer) trace(ctx context.Context, id string) (*report.Report, error) {
	if err := g.open(ctx); err != nil {
		return nil, err
	}
	r, err := report.Build(g.store.Records(ctx, id))
	if err != nil {
		return nil, fmt.Errorf("trace %s: %w", id, err)
	}
	return r, nil
}

func (g *gatherer) add(p *profile.Profile, r *report.Report) {
	p.Add(r)
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
