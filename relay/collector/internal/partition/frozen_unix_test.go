//go:build unix

package partition

import (
	"syscall"
	"testing"
	"time"

	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/relay/internal/spool"
)

// TestAFrozenCollectorComesBack: one that holds traces is frozen, others take over and
// decide, and when it goes on it decides nothing that was theirs.
func TestAFrozenCollectorComesBack(t *testing.T) {
	s := newSite(t)
	frozen := s.process()
	all := s.load(100)
	watchdog.Until(t, "something to be stored", func() bool { return s.hasAny(all) })
	open := s.load(100)
	if err := frozen.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	defer frozen.Process.Signal(syscall.SIGCONT)
	stopped := time.Now()
	s.process()
	all = append(append(all, open...), s.load(100)...)
	s.awaitHolders(1, stopped)
	watchdog.Until(t, "the others to decide what was held", func() bool { return s.hasAny(open) })
	if err := frozen.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	woken := time.Now()
	all = append(all, s.load(100)...)
	s.awaitHolders(2, woken)
	s.awaitEmpty()
	s.check(all)
}

// TestAFrozenCollectorAlone: nobody else decides meanwhile, and when it goes on it reads
// what has come before it takes the time that has passed for silence.
func TestAFrozenCollectorAlone(t *testing.T) {
	s := newSite(t)
	frozen := s.process()
	all := s.load(100)
	watchdog.Until(t, "something to be stored", func() bool { return s.hasAny(all) })
	s.awaitEmpty()
	var last []spool.Batch
	for range 100 {
		failed := s.newTrace(true)
		all = append(all, failed)
		s.publish(failed.parts[:parts-1]...)
		last = append(last, failed.parts[parts-1])
	}
	if err := frozen.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	defer frozen.Process.Signal(syscall.SIGCONT)
	s.publish(last...)
	time.Sleep(quiet + quiet/10)
	if err := frozen.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	s.awaitEmpty()
	s.check(all)
}
