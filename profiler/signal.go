package profiler

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// onSignal has the Services that CloseOnSignal was called for. They are closed
// together, since the process ends when the first of them lets it.
var onSignal struct {
	mu       sync.Mutex
	services map[*Service]bool
	none     chan struct{} // closed when there are none any more
}

// signalPatience is how long a signal waits for the sinks, signalLimit for them and
// for what has to be closed after them.
const (
	signalPatience = 4 * time.Second
	signalLimit    = 5 * time.Second
)

// CloseOnSignal closes the Service when SIGINT or SIGTERM comes, within five
// seconds, and then sends the process the same signal again, so that it ends as it
// would have ended without this. A second signal ends it at once. A signal that the
// process ignores stays ignored. On Windows, where no process can signal itself, it
// ends with the status of one that Ctrl-C ends. Several Services are closed at the
// same time.
//
// It is for programs that handle no signals, such as one whose main function ends
// in log.Fatal(http.ListenAndServe(…)). One that does closes the Service itself when
// its requests are done: otherwise it gets the signal twice, and what it records
// after the first is dropped.
//
// The goroutine that waits for the signal ends after [Service.Close]. Calling
// CloseOnSignal again, or on a nil, disabled or closed Service, does nothing.
func (s *Service) CloseOnSignal() {
	if s == nil || s.disabled {
		return
	}
	on := &onSignal
	on.mu.Lock()
	defer on.mu.Unlock()
	if s.queue.isClosed() {
		return
	}
	if on.services == nil {
		on.services = map[*Service]bool{}
		on.none = make(chan struct{})
		signals := make(chan os.Signal, 1)
		for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
			if !signal.Ignored(sig) {
				signal.Notify(signals, sig)
			}
		}
		go awaitSignal(signals, on.none)
	}
	on.services[s] = true
}

// forgetSignals undoes CloseOnSignal.
func (s *Service) forgetSignals() {
	on := &onSignal
	on.mu.Lock()
	defer on.mu.Unlock()
	delete(on.services, s)
	if len(on.services) == 0 && on.services != nil {
		on.services = nil
		close(on.none)
	}
}

func awaitSignal(signals chan os.Signal, none <-chan struct{}) {
	defer signal.Stop(signals)
	select {
	case <-none:
	case sig := <-signals:
		signal.Stop(signals) // the next one ends the process
		if len(signals) == 0 {
			closeAll()
		}
		raise(sig)
	}
}

func closeAll() {
	ctx, cancel := context.WithTimeout(context.Background(), signalPatience)
	defer cancel()
	var all sync.WaitGroup
	onSignal.mu.Lock()
	for s := range onSignal.services {
		all.Add(1)
		go func() {
			defer all.Done()
			_ = s.Close(ctx) // it has logged what was lost
		}()
	}
	onSignal.mu.Unlock()
	closed := make(chan struct{})
	go func() {
		all.Wait()
		close(closed)
	}()
	select {
	case <-closed:
	case <-time.After(signalLimit):
	}
}
