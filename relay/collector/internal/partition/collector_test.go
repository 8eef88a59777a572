package partition

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/relay/internal/spool"
)

// inProcess runs a collector until the function that it returns is called.
func (s *site) inProcess() (stop func()) {
	ctx, cancel := context.WithCancel(s.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := collect(ctx, s.url); err != nil && ctx.Err() == nil {
			s.t.Errorf("a collector: %v", err)
		}
	}()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	s.t.Cleanup(stop)
	return stop
}

func TestOneCollector(t *testing.T) {
	s := newSite(t)
	all := s.load(200)
	s.inProcess()
	s.awaitEmpty()
	s.check(all)
}

// TestStragglers: what comes after the decision follows it, also at a collector that was
// not there when the trace was decided.
func TestStragglers(t *testing.T) {
	if os.Getenv("SONDE_TEST_ALL") == "" {
		t.Skip("takes a quarter of a minute: make test-all")
	}
	s := newSite(t)
	stop := s.inProcess()
	var all []*trace
	var late []spool.Batch
	for i := range 40 {
		tr := s.newTrace(false)
		if i%2 == 0 { // the error is in the first part, and the last two are late
			tr = s.newTrace(true)
			tr.parts[0], tr.parts[2] = tr.parts[2], tr.parts[0]
		}
		all = append(all, tr)
		s.publish(tr.parts[0])
		late = append(late, tr.parts[1:]...)
	}
	s.awaitEmpty()
	s.publish(late[:len(late)/2]...)
	s.awaitEmpty()
	stop()
	s.inProcess()
	s.publish(late[len(late)/2:]...)
	s.awaitEmpty()
	s.check(all)
}

// TestRestartOfAll: two collectors end and begin again while traces are open.
func TestRestartOfAll(t *testing.T) {
	if os.Getenv("SONDE_TEST_ALL") == "" {
		t.Skip("takes a quarter of a minute: make test-all")
	}
	s := newSite(t)
	stops := []func(){s.inProcess(), s.inProcess()}
	var all []*trace
	for range 3 {
		first := s.load(150)
		watchdog.Until(t, "something to be stored", func() bool { return s.hasAny(first) })
		all = append(append(all, first...), s.load(50)...)
		for i, stop := range stops {
			stop()
			stops[i] = s.inProcess()
		}
	}
	s.awaitEmpty()
	s.check(all)
}

// TestCollectorsComeAndDie: of three processes one is killed under load, and another one
// joins. Every trace that failed is kept whole, and nothing of any other.
func TestCollectorsComeAndDie(t *testing.T) {
	s := newSite(t)
	victim := s.process()
	s.process()
	s.process()
	watchdog.Until(t, "the bucket", func() bool {
		_, err := s.spool.JetStream().KeyValue(t.Context(), Bucket)
		return err == nil
	})
	s.awaitHolders(3, time.Time{})
	var all []*trace
	all = append(all, s.load(300)...)
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	killed := time.Now()
	all = append(all, s.load(300)...)
	s.awaitHolders(2, killed)
	s.process()
	joined := time.Now()
	all = append(all, s.load(300)...)
	s.awaitHolders(3, joined)
	s.awaitEmpty()
	s.check(all)
}
