package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/sonde-go/sonde"
	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/terminal"
	"github.com/sonde-go/sonde/record"
)

type checkCmd struct {
	StoreFlags
	KeyFlags
	answerFlags
	Config  string        `help:"INI file of a service, with its [profiler] group. What the environment and the command line say goes before it." placeholder:"FILE" type:"path"`
	Timeout time.Duration `help:"How long each step may take; ${default}." default:"10s" placeholder:"DURATION"`
}

func (*checkCmd) Help() string {
	return `Opens the store, writes a probe trace of two records, reads it back and removes it; looks at
the keys, at the clock, and at who else could read the secrets. Each step is a line. The exit code
is 1 if a line says FAIL; a WARN or a note does not change it.

` + secretHelp + `

Examples:

  sonde check
  sonde check --config /etc/shop/shop.conf
  sonde check --connection-string redis://localhost:6379/0`
}

func (c *checkCmd) Run(ctx context.Context, s streams) error {
	config, err := c.config()
	if err != nil {
		return err
	}
	ck := checker{ctx: ctx, timeout: c.Timeout, said: func(l checkLine) {
		fmt.Fprintf(s.out, "%-5s%s\n", marks[l.Result], terminal.Clean(l.Text))
	}}
	answer := checkAnswer{versioned: thisVersion, Lines: []checkLine{}}
	if c.json() {
		ck.said = func(l checkLine) { answer.Lines = append(answer.Lines, l) }
	}
	ck.file(c.Config)
	ck.keys(config)
	ck.plain(config)
	ck.store(config)
	if c.json() {
		answer.OK = !ck.failed
		if err := writeDocument(s.out, answer); err != nil {
			return err
		}
	}
	if ck.failed {
		return errSaid
	}
	return nil
}

// checkAnswer is what "check" prints as JSON.
type checkAnswer struct {
	versioned
	OK    bool        `json:"ok"`
	Lines []checkLine `json:"lines"`
}

// checkLine is what one look has shown.
type checkLine struct {
	Result string `json:"result"` // a key of marks
	Text   string `json:"text"`
}

// marks are how the lines of a terminal begin.
var marks = map[string]string{"ok": "ok", "note": "note", "warning": "WARN", "failure": "FAIL"}

// config is the file's configuration with the environment and the command line
// over it.
func (c *checkCmd) config() (config sonde.Config, err error) {
	if c.Config != "" {
		if config, err = sonde.FromFile(c.Config); err != nil {
			return config, err
		}
	}
	if err := config.ReadEnv(); err != nil {
		return config, err
	}
	config.HMACKeys = cmp.Or(string(c.HMACKey), config.HMACKeys)
	if err := c.configure(&config); err != nil {
		return config, err
	}
	config.Options.Logger = slog.New(slog.DiscardHandler)
	return config, nil
}

type checker struct {
	ctx     context.Context
	timeout time.Duration
	said    func(checkLine)
	failed  bool
}

func (c *checker) ok(format string, args ...any) { c.say("ok", format, args) }

func (c *checker) note(format string, args ...any) { c.say("note", format, args) }

func (c *checker) warn(format string, args ...any) { c.say("warning", format, args) }

func (c *checker) fail(format string, args ...any) {
	c.failed = true
	c.say("failure", format, args)
}

func (c *checker) say(result, format string, args []any) {
	c.said(checkLine{result, fmt.Sprintf(format, args...)})
}

func (c *checker) keys(config sonde.Config) {
	keys, err := config.Keys()
	switch {
	case err != nil:
		c.fail("%s", strings.TrimPrefix(err.Error(), "sonde: "))
	case keys.Len() == 0:
		c.note("no HMAC key is configured here, so no request can be traced: set hmac_keys or SONDE_HMAC_KEY")
	default:
		in := header.Info{BaseID: header.NewID()}
		if _, _, err := keys.Verify(keys.Primary().Sign(in)); err != nil {
			c.fail("the first key does not verify what it signs: %v", err)
			return
		}
		c.ok("%s", keyCount(keys.Len()))
		c.short(config.HMACKeys)
	}
}

func keyCount(n int) string {
	if n == 1 {
		return "1 HMAC key"
	}
	return plural(n, "HMAC key") + "; the first one signs, all verify"
}

// step runs one step with its time limit.
func (c *checker) step(do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(c.ctx, c.timeout)
	defer cancel()
	return do(ctx)
}

func (c *checker) store(config sonde.Config) {
	name := drivers.Redact(config.ConnectionString)
	d, err := drivers.Open(c.ctx, config.ConnectionString, config.Options)
	if err != nil {
		c.fail("%v", err)
		return
	}
	defer d.Close()
	if d.Can(drivers.Ping) {
		if err := c.step(d.Ping); err != nil {
			c.fail("the store does not answer: %v", err)
			c.hint(config)
			return
		}
	}
	c.ok("%s answers", name)
	c.retention(config, d)
	if forgets := d.Terms().Forgets; forgets != "" {
		c.warn("%s", forgets)
	}
	probe := probeTrace()
	if err := c.step(func(ctx context.Context) error { return d.Notify(ctx, probe) }); err != nil {
		c.fail("a trace cannot be written: %v", err)
		c.hint(config)
		return
	}
	c.ok("a probe trace was written")
	c.clock(d)
	c.readBack(d, probe)
	c.remove(d, probe[0].Trace().String())
}

// probeTrace is a trace of one point.
func probeTrace() []record.Event {
	host, _ := os.Hostname()
	id := header.NewID()
	f := record.Fields{
		Name: "sonde_check", Trace: id, Parent: id, Point: header.NewID(), Time: time.Now().UnixNano(),
		Service: "sonde", Project: "sonde", Host: host, Info: []byte(`{"probe":"\u00e9","host":"check"}`),
	}
	start := record.New(f)
	f.Phase, f.Info, f.Time = record.Stop, []byte(`{"host":"check"}`), f.Time+int64(time.Millisecond)
	return []record.Event{start, record.New(f)}
}

// readBack wants the probe as it was written. A store may take a moment to
// show what it has taken.
func (c *checker) readBack(d *drivers.Store, probe []record.Event) {
	var last error
	err := c.step(func(ctx context.Context) error {
		for {
			if last = compare(ctx, d, probe); last == nil || errors.Is(last, errors.ErrUnsupported) {
				return last
			}
			select {
			case <-ctx.Done():
				return last
			case <-time.After(200 * time.Millisecond):
			}
		}
	})
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		c.note("%v", err)
	case err != nil:
		c.fail("the probe trace cannot be read back: %v", err)
	default:
		c.ok("it was read back as it was written")
	}
}

func compare(ctx context.Context, d *drivers.Store, probe []record.Event) error {
	want := map[string]string{}
	for i := range probe {
		want[probe[i].RecordName()] = string(record.AppendTimestamp(nil, probe[i].Time()))
	}
	n := 0
	for r, err := range d.Records(ctx, probe[0].Trace().String()) {
		if err != nil {
			return err
		}
		at, ok := want[r.Name]
		if !ok || at != r.Timestamp || r.Point != probe[0].Point().String() {
			return fmt.Errorf("it came back with a record %q of %q", r.Name, r.Timestamp)
		}
		n++
	}
	if n < len(probe) {
		return fmt.Errorf("%d of its %d records came back", n, len(probe))
	}
	return nil
}

// clockSlack is how far ahead a record's time may be.
const clockSlack = time.Minute

// clock looks for records from the future: somebody's clock is wrong, or ours.
func (c *checker) clock(d *drivers.Store) {
	if time.Now().Year() < 2026 {
		c.fail("this machine's clock says %s", time.Now().Format(time.DateTime))
		return
	}
	_ = c.step(func(ctx context.Context) error {
		for t, err := range d.Traces(ctx, drivers.Query{Limit: 1}) {
			if err != nil {
				return err // reading is checked in its own step
			}
			at, err := time.Parse("2006-01-02T15:04:05.999999", t.Timestamp)
			if ahead := time.Until(at); err == nil && ahead > clockSlack {
				c.fail("the newest trace, of service %s, begins %s from now: its machine's clock is ahead, or this one's is behind", t.Service, ahead.Round(time.Second))
				return nil
			}
		}
		c.ok("no trace comes from the future")
		return nil
	})
}

func (c *checker) remove(d *drivers.Store, base string) {
	if !d.Can(drivers.Delete) {
		c.note("the store cannot remove single traces: the probe %s stays", base)
		return
	}
	if err := c.step(func(ctx context.Context) error { return d.Delete(ctx, base) }); err != nil {
		c.fail("the probe trace %s cannot be removed: %v", base, err)
		return
	}
	c.ok("it was removed")
}
