package agent

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/sonde-go/sonde/drivers/kit"
	"github.com/sonde-go/sonde/record"
)

// The most that one request has, half of what an agent takes; a larger record goes
// alone.
const (
	maxBody  = 4 << 20
	maxLines = 4096
)

// Notify implements [driver.Driver].
func (d *store) Notify(ctx context.Context, events []record.Event) error {
	if err := d.mayAsk(); err != nil || len(events) == 0 {
		return err
	}
	n := &notify{store: d, body: d.borrow()}
	defer func() { d.giveBack(n.body) }()
	var err error
	for i := 0; i < len(events) && err == nil; {
		if d.has(&events[i]) {
			i++
			continue
		}
		lines := n.fill(events, i)
		err = n.post(ctx, events, i, lines)
		i += lines
	}
	if len(n.rejected) > 0 && (err == nil || ctx.Err() != nil) {
		return &record.RejectedError{Indexes: n.rejected, Err: n.why}
	}
	if err == nil {
		d.forget(events)
	}
	return err
}

// notify is one call of Notify.
type notify struct {
	*store
	body     []byte
	sent     bool // something may have reached the agent
	rejected []int
	why      error // of the first
}

// fill makes a body of the events from one on, as many as are numbered without a gap
// by one producer and fit into a request.
func (n *notify) fill(events []record.Event, from int) (lines int) {
	n.body = n.body[:0]
	first := &events[from]
	for i := from; i < len(events) && lines < maxLines; i++ {
		e := &events[i]
		if e.Producer() != first.Producer() || first.Seq() == 0 && e.Seq() != 0 || first.Seq() != 0 && e.Seq() != first.Seq()+uint64(lines) || n.has(e) {
			break
		}
		end := len(n.body)
		n.body = append(e.AppendNumbered(n.body), '\n')
		if lines > 0 && len(n.body) > maxBody {
			n.body = n.body[:end]
			break
		}
		lines++
	}
	return lines
}

// post sends the body, which has the lines of some events from one on.
func (n *notify) post(ctx context.Context, events []record.Event, from, lines int) error {
	first := &events[from]
	q := &question{method: http.MethodPost, path: "/v1/events", body: n.body, first: first}
	reply, err := n.ask(ctx, q)
	if q.lent {
		n.body = nil
	}
	if err != nil {
		return kit.Partly(err, n.sent)
	}
	said, err := n.verdict(reply, lines)
	if errors.Is(err, errTooLarge) {
		return n.smaller(ctx, events, from, lines, err)
	}
	if err != nil {
		return kit.Partly(err, n.sent)
	}
	n.sent = true
	for _, r := range said.Rejected {
		n.reject(from+r.Line-1, r)
	}
	if said.More == 0 { // else it is not known which have been taken, and it will be when they are sent again
		n.keep(first, lines)
	}
	return nil
}

// smaller sends the lines of a body that is too large in two, or gives up on the only
// one.
func (n *notify) smaller(ctx context.Context, events []record.Event, from, lines int, why error) error {
	if lines == 1 {
		n.reject(from, why)
		return nil
	}
	for _, half := range [][2]int{{from, lines / 2}, {from + lines/2, lines - lines/2}} {
		n.body = n.body[:0]
		for i := range half[1] {
			n.body = append(events[half[0]+i].AppendNumbered(n.body), '\n')
		}
		if err := n.post(ctx, events, half[0], half[1]); err != nil {
			return err
		}
	}
	return nil
}

func (n *notify) reject(index int, why error) {
	if len(n.rejected) == 0 {
		n.why = why
	}
	n.rejected = append(n.rejected, index)
}

// taken are the records that the agent has acknowledged of batches that have to be sent
// again for the sake of others: a repeat without its neighbours would have another
// number, and be kept twice. A producer has one batch under way at a time.
type taken map[uint64][]span

// span is some consecutive records of a producer.
type span struct{ first, after uint64 }

// maxTaken bounds the producers that are remembered.
const maxTaken = 64

// keep remembers that the agent has taken, or rejected, some records.
func (d *store) keep(first *record.Event, lines int) {
	if first.Seq() == 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.taken == nil || len(d.taken) >= maxTaken && d.taken[first.Producer()] == nil {
		d.taken = taken{}
	}
	d.taken[first.Producer()] = append(d.taken[first.Producer()], span{first.Seq(), first.Seq() + uint64(lines)})
}

// has reports whether the agent has taken a record of a batch that is sent again.
func (d *store) has(e *record.Event) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return e.Seq() != 0 && slices.ContainsFunc(d.taken[e.Producer()], func(s span) bool { return e.Seq() >= s.first && e.Seq() < s.after })
}

// forget is called when all of a batch is acknowledged.
func (d *store) forget(events []record.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range events {
		delete(d.taken, events[i].Producer())
	}
}

// keptBody is the largest buffer that is kept for the next batch.
const keptBody = 1 << 20

func (d *store) borrow() (body []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	body, d.body = d.body, nil
	return body
}

func (d *store) giveBack(body []byte) {
	if cap(body) > keptBody {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.body = body
}

// longestWait bounds what is made of Retry-After: a program that ends has a few seconds
// to get rid of its records.
const longestWait = 5 * time.Second

// mayAsk returns the agent's last answer as long as it does not want to be asked again.
func (d *store) mayAsk() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.why != nil && time.Now().Before(d.until) {
		return d.why
	}
	d.why = nil
	return nil
}

// notBefore remembers what the agent has answered with Retry-After.
func (d *store) notBefore(after string, why error) {
	seconds, err := strconv.Atoi(after)
	if err != nil || seconds <= 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.until, d.why = time.Now().Add(min(time.Duration(seconds)*time.Second, longestWait)), &waiting{why}
}
