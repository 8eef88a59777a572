package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/traces"
	"github.com/sonde-go/sonde/report/text"
)

// redrawEvery is how often a running trace is read.
const redrawEvery = time.Second

// What a terminal is told: the screen that programs have, and to begin it anew.
const (
	enterScreen = "\x1b[?1049h\x1b[?25l"
	leaveScreen = "\x1b[?25h\x1b[?1049l"
	fromTheTop  = "\x1b[H"
	clearLine   = "\x1b[K"
	clearRest   = "\x1b[J"
)

// follow shows a trace while it runs, on a terminal, and in the end what there is
// of it. Ctrl-C is an end like any other.
func (c *showCmd) follow(ctx context.Context, s streams, forms outputs) error {
	if _, err := header.ParseID(c.Trace); err != nil {
		return fmt.Errorf("--live needs the id of a trace in a store: %w", err)
	}
	return c.with(ctx, func(d *drivers.Store) error {
		text, err := traces.Resolve(ctx, d, c.Trace)
		if err != nil {
			return err
		}
		id, err := header.ParseID(text)
		if err != nil {
			return fmt.Errorf("trace %q cannot be followed: %w", text, err)
		}
		w := awaited{d: d, id: id, store: c.name(), s: s}
		if err := w.untilEnded(ctx, func() error { return c.redraw(&w) }); err != nil {
			return err
		}
		if w.report.Len() == 0 {
			return c.notFound(c.Trace, w.report)
		}
		return c.show(ctx, w.report, traces.AsOf(w.report), s, forms)
	})
}

// untilEnded reads the trace each second until its roots have ended or ctx has,
// and calls draw while they have not.
func (w *awaited) untilEnded(ctx context.Context, draw func() error) error {
	leave := func() {}
	defer func() { leave() }()
	if _, _, ok := screen(w.s.out); ok {
		if _, err := io.WriteString(w.s.out, enterScreen); err != nil {
			return err
		}
		leave = func() { _, _ = io.WriteString(w.s.out, leaveScreen) }
	}
	ticks := time.NewTicker(redrawEvery)
	defer ticks.Stop()
	for {
		if err := w.look(ctx); err != nil {
			if ctx.Err() != nil {
				return w.lastLook(ctx)
			}
			return err
		}
		if traces.Ended(w.report) {
			return nil
		}
		if err := draw(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return w.lastLook(ctx)
		case <-ticks.C:
		}
	}
}

// redraw fills the terminal with the beginning of what there is of a trace.
func (c *showCmd) redraw(w *awaited) error {
	_, lines, ok := screen(w.s.out)
	if !ok {
		return nil
	}
	var screenful bytes.Buffer
	if w.report.Len() == 0 {
		fmt.Fprintf(&screenful, "waiting for the first record of trace %s; Ctrl-C ends\n", w.id)
	} else if err := text.Write(&screenful, w.report, c.accepted(c.options(w.s.out, traces.AsOf(w.report)))); err != nil {
		return err
	}
	var out bytes.Buffer
	out.WriteString(fromTheTop)
	for n := 0; n < lines-1 && screenful.Len() > 0; n++ {
		line, _ := screenful.ReadBytes('\n')
		out.Write(bytes.TrimSuffix(line, []byte{'\n'}))
		out.WriteString(clearLine + "\r\n")
	}
	out.WriteString(clearRest)
	_, err := w.s.out.Write(out.Bytes())
	return err
}
