package nats

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/drivers/kit"
	"github.com/sonde-go/sonde/record"
)

// The index of a stream is empty messages, whose subjects say when traces began, so
// that a list of the newest asks for some subjects and reads no other trace:
//
//	STREAM.index.day.20260102
//	STREAM.index.minute.20260102.0304
//	STREAM.index.trace.202601020304.05000006.<base id>
//
// A trace is entered with the time of its first record in a batch, before its records
// and no more than once a minute, so that it may have several entries, none of which
// is before its beginning. Whoever dies in between leaves an entry without a trace.
const (
	dayLayout    = "20060102"
	minuteLayout = "200601021504"
)

func (c *config) indexSubjects() string   { return c.stream + ".index.>" }
func (c *config) traceEntries() string    { return c.stream + ".index.trace.*.*.*" }
func (c *config) days() string            { return c.stream + ".index.day.*" }
func (c *config) minutes(d string) string { return c.stream + ".index.minute." + d + ".*" }

// entriesOf are the entries of one trace.
func (c *config) entriesOf(baseID string) string {
	return c.stream + ".index.trace.*.*." + baseID
}

// entered remembers what was entered a short time ago.
type entered struct {
	since    time.Time
	subjects map[string]bool
}

// enterAgain is when a trace that goes on is entered again: somebody may have deleted
// it meanwhile.
const enterAgain = time.Minute

// entries are the messages that enter the traces of a batch, and what is to be
// remembered once they are stored.
func (d *store) entries(events []record.Event) (entries []*message, keys []string) {
	first := map[string]int64{}
	for i := range events {
		e := &events[i]
		base := e.Trace().String()
		if at, ok := first[base]; !ok || e.Time() < at {
			first[base] = e.Time()
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if now := time.Now(); now.Sub(d.entered.since) > enterAgain {
		d.entered = entered{now, map[string]bool{}}
	}
	known := map[string]bool{}
	add := func(key, subject string) {
		if !known[key] && !d.entered.subjects[key] {
			known[key] = true
			keys = append(keys, key)
			entries = append(entries, &message{index: noEvent, msg: nats.NewMsg(subject)})
		}
	}
	for base, nanos := range first {
		if d.entered.subjects[base] {
			continue
		}
		at := time.Unix(0, nanos).UTC()
		day, minute := at.Format(dayLayout), at.Format(minuteLayout)
		index := d.config.stream + ".index."
		add(day, index+"day."+day)
		add(minute, index+"minute."+day+"."+minute[len(day):])
		add(base, index+"trace."+minute+"."+strings.Replace(at.Format("05.000000"), ".", "", 1)+"."+base)
	}
	return entries, keys
}

// remember notes that traces are entered.
func (d *store) remember(keys []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, key := range keys {
		d.entered.subjects[key] = true
	}
}

// indexWalk goes through the index minute by minute, the latest first.
type indexWalk struct {
	*store
	stream  jetstream.Stream
	begun   bool
	days    []string // to come, the earliest first, as what follows
	minutes []string
}

// next is the Next of a [kit.Newest].
func (w *indexWalk) next(ctx context.Context) (found []kit.Candidate, rest string, err error) {
	if !w.begun {
		w.begun = true
		if w.days, err = w.last(ctx, w.config.days()); err != nil {
			return nil, "", err
		}
	}
	at, err := w.minute(ctx)
	if err != nil || at.IsZero() {
		return nil, "", err
	}
	subjects, err := w.subjects(ctx, w.config.stream+".index.trace."+at.Format(minuteLayout)+".*.*")
	if err != nil {
		return nil, "", err
	}
	for _, subject := range subjects {
		if c, ok := candidate(subject); ok {
			found = append(found, c)
		}
	}
	slices.SortFunc(found, func(a, b kit.Candidate) int { return cmp.Compare(b.Bound, a.Bound) })
	if len(w.minutes)+len(w.days) > 0 {
		rest = string(record.AppendTimestamp(nil, at.UnixNano()))
	}
	return found, rest, nil
}

// minute takes the latest minute to come, zero if there is none. What is not one was
// written by somebody else.
func (w *indexWalk) minute(ctx context.Context) (at time.Time, err error) {
	for len(w.minutes)+len(w.days) > 0 {
		if last := len(w.minutes) - 1; last >= 0 {
			at, err := time.Parse(minuteLayout, w.minutes[last])
			if w.minutes = w.minutes[:last]; err == nil {
				return at, nil
			}
			continue
		}
		day := w.days[len(w.days)-1]
		w.days = w.days[:len(w.days)-1]
		if w.minutes, err = w.last(ctx, w.config.minutes(day)); err != nil {
			return at, err
		}
		for i := range w.minutes {
			w.minutes[i] = day + w.minutes[i]
		}
	}
	return time.Time{}, nil
}

// candidate reads the subject of an entry.
func candidate(subject string) (kit.Candidate, bool) {
	parts := strings.Split(subject, ".")
	if len(parts) < 3 {
		return kit.Candidate{}, false
	}
	parts = parts[len(parts)-3:]
	at, err := time.Parse(minuteLayout+"05.000000", parts[0]+parts[1][:min(2, len(parts[1]))]+"."+parts[1][min(2, len(parts[1])):])
	return kit.Candidate{ID: parts[2], Bound: string(record.AppendTimestamp(nil, at.UnixNano()))}, err == nil
}

// last are the last tokens of some subjects, in order.
func (w *indexWalk) last(ctx context.Context, filter string) (tokens []string, err error) {
	subjects, err := w.subjects(ctx, filter)
	for _, s := range subjects {
		tokens = append(tokens, s[strings.LastIndexByte(s, '.')+1:])
	}
	slices.Sort(tokens)
	return tokens, err
}

// subjects are those of the messages that a filter selects.
func (w *indexWalk) subjects(ctx context.Context, filter string) (subjects []string, err error) {
	err = w.request(ctx, func(ctx context.Context) error {
		info, err := w.stream.Info(ctx, jetstream.WithSubjectFilter(filter))
		if err != nil {
			return err
		}
		subjects = subjects[:0]
		for s := range info.State.Subjects {
			subjects = append(subjects, s)
		}
		return nil
	})
	return subjects, explain(err)
}

// tracesAtOnce is how many traces a list reads before it looks whether they are
// enough. They are read one after the other.
const tracesAtOnce = 4

// newest lists the newest traces by the index.
func (d *store) newest(ctx context.Context, q driver.Query, yield func(driver.Trace, error) bool) {
	stream, err := d.stream(ctx)
	if err != nil {
		yield(driver.Trace{}, err)
		return
	}
	if stream == nil {
		return
	}
	w := &indexWalk{store: d, stream: stream}
	kit.Newest{Next: w.next, AtOnce: tracesAtOnce, Read: func(ctx context.Context, ids []string) ([]driver.Trace, error) {
		one := q
		one.Limit = 0
		list := kit.NewTraceList(one)
		for _, id := range ids {
			if err := d.addTo(ctx, list, d.config.stream+"."+id); err != nil {
				return nil, err
			}
		}
		return list.Sorted(), nil
	}}.Traces(ctx, q)(yield)
}
