package sondehttp

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net/http/httptrace"
	"sync"
	"time"
)

// phases notes how long a call took to get a connection and the first byte of
// its response. A transport may go on dialling for a later call after this one
// has got its connection: what comes after that is not noted.
type phases struct {
	begun time.Time

	mu        sync.Mutex
	connected bool
	reused    bool
	starts    [3]time.Time
	took      [3]time.Duration // zero: did not happen
	firstByte time.Duration    // since begun
}

// The parts of getting a connection.
const (
	phaseDNS = iota
	phaseConnect
	phaseTLS
)

var phaseNames = [3]string{"dns", "connect", "tls"}

// watch returns ctx with hooks that fill ph.
func (ph *phases) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSStart:          func(httptrace.DNSStartInfo) { ph.start(phaseDNS) },
		DNSDone:           func(d httptrace.DNSDoneInfo) { ph.done(phaseDNS, d.Err) },
		ConnectStart:      func(string, string) { ph.start(phaseConnect) },
		ConnectDone:       func(_, _ string, err error) { ph.done(phaseConnect, err) },
		TLSHandshakeStart: func() { ph.start(phaseTLS) },
		TLSHandshakeDone:  func(_ tls.ConnectionState, err error) { ph.done(phaseTLS, err) },
		GotConn: func(got httptrace.GotConnInfo) {
			ph.mu.Lock()
			defer ph.mu.Unlock()
			ph.connected, ph.reused = true, got.Reused
		},
		GotFirstResponseByte: func() {
			ph.mu.Lock()
			defer ph.mu.Unlock()
			ph.firstByte = time.Since(ph.begun)
		},
	})
}

// start notes the first attempt only: addresses are tried concurrently.
func (ph *phases) start(phase int) {
	ph.mu.Lock()
	defer ph.mu.Unlock()
	if !ph.connected && ph.starts[phase].IsZero() {
		ph.starts[phase] = time.Now()
	}
}

func (ph *phases) done(phase int, err error) {
	ph.mu.Lock()
	defer ph.mu.Unlock()
	if !ph.connected && err == nil && ph.took[phase] == 0 && !ph.starts[phase].IsZero() {
		ph.took[phase] = max(time.Since(ph.starts[phase]), 1)
	}
}

func (ph *phases) attrs() []slog.Attr {
	ph.mu.Lock()
	defer ph.mu.Unlock()
	attrs := make([]slog.Attr, 0, 5)
	if ph.connected {
		attrs = append(attrs, slog.Bool("reused", ph.reused))
	}
	for i, d := range ph.took {
		if d > 0 {
			attrs = append(attrs, slog.Duration(phaseNames[i], d))
		}
	}
	if ph.firstByte > 0 {
		attrs = append(attrs, slog.Duration("first_byte", ph.firstByte))
	}
	return attrs
}
