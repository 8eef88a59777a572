package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/terminal"
	"github.com/sonde-go/sonde/report"
)

const (
	// quiet is for how long nothing new may arrive before a trace is taken as
	// complete: twice as long as a service keeps a record for company.
	quiet = 2 * 100 * time.Millisecond

	// settle is for how long nothing new may arrive before a trace whose
	// request has failed is taken as all that will come.
	settle = time.Second

	// lookTimeout bounds one reading of the trace.
	lookTimeout = 10 * time.Second
)

// awaited is a trace that is being written.
type awaited struct {
	d      *drivers.Store
	id     header.ID
	store  string // as messages call it
	s      streams
	report *report.Report // as it was last read
}

// look reads the trace. After an error the report is that of the time before.
func (w *awaited) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	r, err := report.Build(w.d.Records(ctx, w.id.String()))
	if err != nil {
		return err
	}
	w.report = r
	return nil
}

// lastLook reads the trace once, even though ctx may be over.
func (w *awaited) lastLook(ctx context.Context) error { return w.look(context.WithoutCancel(ctx)) }

// enough says whether a trace, to which nothing was added for a time, need not
// be waited for any longer.
type enough func(r *report.Report, unchanged time.Duration) bool

func complete(r *report.Report, unchanged time.Duration) bool {
	return r.Len() > 0 && r.Unfinished() == 0 && len(unprocessed(r)) == 0 && unchanged >= quiet
}

func settled(r *report.Report, unchanged time.Duration) bool {
	return complete(r, unchanged) || unchanged >= settle
}

// wait reads the trace again and again until it is enough, the limit is
// reached or ctx ends. It says once what it is waiting for.
func (w *awaited) wait(ctx context.Context, limit time.Duration, enough enough) error {
	began := time.Now()
	end, since, records, said := began.Add(limit), began, 0, false
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, 500*time.Millisecond) {
		if err := w.look(ctx); err != nil {
			if ctx.Err() != nil {
				return w.lastLook(ctx)
			}
			return err
		}
		now := time.Now()
		if w.report.Records != records {
			records, since = w.report.Records, now
		}
		if enough(w.report, now.Sub(since)) || !now.Before(end) {
			return nil
		}
		if missing := pending(w.report); missing == "" {
			pause = min(pause, quiet/4)
		} else if !said && now.Sub(since) >= settle {
			fmt.Fprintf(w.s.err, "waiting up to %v (--wait) for %s; Ctrl-C shows what there is\n", limit, missing)
			said = true
		}
		select {
		case <-ctx.Done():
			return w.lastLook(ctx)
		case <-time.After(min(pause, time.Until(end))):
		}
	}
}

// pending says in words what a trace lacks, "" if nothing.
func pending(r *report.Report) string {
	if r.Len() == 0 {
		return "the first record"
	}
	var missing []string
	if n := r.Unfinished(); n > 0 {
		missing = append(missing, plural(n, "point")+" without a stop ("+firstOpen(r)+")")
	}
	if m := unprocessed(r); len(m) > 0 {
		missing = append(missing, m.String()+" to be processed")
	}
	return strings.Join(missing, " and ")
}

func firstOpen(r *report.Report) string {
	for p := range r.All() {
		if !p.HasStop {
			return describe(r, p)
		}
	}
	return ""
}

// maxDescribed is how many columns of a message a point may take.
const maxDescribed = 60

func describe(r *report.Report, p *report.Point) string {
	return terminal.Cut(terminal.Clean(p.Name+" "+r.Detail(p)), maxDescribed)
}

// messages describe points that have published a message.
type messages []string

// unprocessed finds the messages that were published and of whose processing
// there is no record, which would be below that of the publication.
func unprocessed(r *report.Report) (m messages) {
	for p := range r.All() {
		if !strings.HasSuffix(p.Name, "_publish") || !p.HasStop {
			continue
		}
		if _, _, failed := r.Failure(p); failed {
			continue
		}
		below := false
		for range r.Children(p) {
			below = true
			break
		}
		if !below {
			m = append(m, describe(r, p))
		}
	}
	return m
}

func (m messages) String() string {
	if len(m) == 1 {
		return "a message (" + m[0] + ")"
	}
	return fmt.Sprintf("%d messages (%s, …)", len(m), m[0])
}
