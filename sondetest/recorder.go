package sondetest

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/figures"
	"github.com/sonde-go/sonde/profiler"
)

// Recorder profiles the code of one test. [New] makes one. Its methods are safe
// for concurrent use, but Profile and Scale must be called from the goroutine that
// runs the test, since they may end it.
type Recorder struct {
	t       testing.TB
	o       options
	ratchet *ratchet // nil without a file
	keys    *header.Keyring
	sink    sink

	mu       sync.Mutex
	services map[string]*profiler.Service
}

// Option changes what a Recorder demands.
type Option func(*options)

type options struct {
	noLayer  bool
	patience time.Duration
	known    string // a file
}

// AllowNoLayer allows profiles in which no query, request, call or message was
// seen, for code that needs none of them.
func AllowNoLayer() Option { return func(o *options) { o.noLayer = true } }

// Patience is how long a point may go on after the profiled function has returned.
// The default is 30 s, which decides only how late a test fails.
func Patience(d time.Duration) Option { return func(o *options) { o.patience = d } }

// own is the name of the Service that records the root of each profile, and of
// that root.
const own = "test"

// New makes a Recorder for t, which closes its Services when the test ends.
func New(t testing.TB, opts ...Option) *Recorder {
	t.Helper()
	keys, err := header.ParseKeys(header.NewID().String())
	if err != nil {
		t.Fatal(err)
	}
	r := &Recorder{t: t, o: options{patience: 30 * time.Second}, keys: keys, services: map[string]*profiler.Service{}}
	for _, o := range opts {
		o(&r.o)
	}
	if r.o.known != "" {
		r.ratchet = openRatchet(t, r.o.known)
	}
	t.Cleanup(r.close)
	return r
}

// Profile is [Recorder.Profile] of a new Recorder, for code that is not given a
// Service: what it does shows by the context alone.
func Profile(t testing.TB, f func(context.Context), opts ...Option) *Trace {
	t.Helper()
	return New(t, opts...).Profile(f)
}

// Service returns the Service called name, the same for the same name, to give to
// handlers, interceptors and consumers. It traces the requests that come from
// profiles of this Recorder, and those of no other.
func (r *Recorder) Service(name string) *profiler.Service {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if svc := r.services[name]; svc != nil {
		return svc
	}
	svc, err := profiler.New(profiler.Config{
		Name: name, Keys: r.keys, Sink: &r.sink, Logger: slog.New(slog.DiscardHandler),
		Queue: profiler.QueueConfig{BatchEvents: 1}, // no record waits until others come
	})
	if err != nil {
		r.t.Fatalf("sondetest: service %q: %v", name, err)
	}
	r.services[name] = svc
	return svc
}

// Profile runs f and returns what was recorded of it once all of it has ended. The
// context carries a trace whose root is the point "test". If f panics or ends the
// test, so does Profile. The test ends if a point does not, if records were
// dropped, or if no layer was seen.
func (r *Recorder) Profile(f func(context.Context)) *Trace {
	r.t.Helper()
	id := header.NewID()
	rec := r.sink.begin(id)
	ctx, root := r.Service(own).BeginAs(r.t.Context(), id, profiler.Opening{Name: own}, slog.String("test", r.t.Name()))
	func() {
		defer root.Stop()
		f(ctx)
	}()
	open := r.await(rec)
	t := newTrace(r, r.sink.end(rec))
	switch {
	case r.dropped() > 0:
		r.t.Fatalf("sondetest: %d records of this test were dropped, so nothing can be said about it", r.dropped())
	case len(open) > 0:
		r.t.Fatalf("sondetest: %s still open %v after the function returned: %s"+
			" (are rows or bodies left unclosed, or does a goroutine hang?)%s",
			pointsAre(len(open)), r.o.patience, strings.Join(open, ", "), t.waterfall())
	case !r.o.noLayer && !t.anyLayer():
		r.t.Fatalf("sondetest: no query, request, call or message was seen, so nothing was checked:" +
			" is the database opened with sqltrace, the handler given a Service of this Recorder, the context passed on?" +
			" (AllowNoLayer says that none is expected)")
	}
	return t
}

// await waits until no point of rec is open, and returns the names of those that
// still are when patience is at an end.
//
// A point begins while another is open, the root at first. So once a flush of all
// services brings nothing new, and every point known has ended, there is none that
// is not known: it would have begun within one whose stop is not known either.
func (r *Recorder) await(rec *recording) (open []string) {
	r.t.Helper()
	timer := time.NewTimer(r.o.patience)
	defer timer.Stop()
	for known := -1; ; {
		r.flush()
		records, ended := r.sink.state(rec)
		switch {
		case r.dropped() > 0: // perhaps the stops of what is open
			return nil
		case ended != nil:
			select {
			case <-ended:
			case <-timer.C:
				return r.sink.open(rec)
			}
		case records == known:
			return nil
		}
		known = records
	}
}

func (r *Recorder) all() []*profiler.Service {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]*profiler.Service, 0, len(r.services))
	for _, svc := range r.services {
		list = append(list, svc)
	}
	return list
}

func (r *Recorder) flush() {
	r.t.Helper()
	for _, svc := range r.all() {
		if err := svc.Flush(context.Background()); err != nil {
			r.t.Fatalf("sondetest: %v", err)
		}
	}
}

func (r *Recorder) dropped() (n uint64) {
	for _, svc := range r.all() {
		n += svc.Stats().Dropped.Total()
	}
	return n
}

// close ends the Services and looks for points that no profile has waited for.
func (r *Recorder) close() {
	for _, svc := range r.all() {
		if err := svc.Close(context.Background()); err != nil {
			r.t.Errorf("sondetest: %v", err)
		}
	}
	if late := r.sink.late(); len(late) > 0 {
		r.t.Errorf("sondetest: begun after the profile had ended: %s (let the function wait for them)", strings.Join(late, ", "))
	}
}

func pointsAre(n int) string {
	if n == 1 {
		return "1 point is"
	}
	return figures.Counted(n, "point") + " are"
}
