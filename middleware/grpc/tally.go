package sondegrpc

import (
	"log/slog"
	"math"
	"sync/atomic"
	"time"
)

// flow counts the messages of one direction. One goroutine counts; any may read.
type flow struct {
	n           atomic.Int64
	first, last atomic.Int64 // nanoseconds since the point began
}

// count notes a message, which is counted so many times; the first of them says
// when it was, since gRPC may tell each handler another time.
func (f *flow) count(at time.Duration, times int64) {
	switch n := f.n.Load(); {
	case n == 0:
		f.first.Store(int64(at))
		f.last.Store(int64(at))
	case n%times == 0:
		f.last.Store(int64(at))
	}
	f.n.Add(1)
}

// tally counts the messages of a stream, from when its point began.
type tally struct {
	began          time.Time
	again          int64 // how often each message is counted besides the first time
	sent, received flow
}

func (t *tally) countSent(at time.Time)     { t.sent.count(at.Sub(t.began), 1+t.again) }
func (t *tally) countReceived(at time.Time) { t.received.count(at.Sub(t.began), 1+t.again) }

// attrs is what the stop record says about a stream of the given kind.
func (t *tally) attrs(kind string) []slog.Attr {
	sent, received := t.sent.n.Load()/(1+t.again), t.received.n.Load()/(1+t.again)
	attrs := make([]slog.Attr, 0, 7)
	attrs = append(attrs, slog.String("stream", kind),
		slog.Int64("sent", sent), slog.Int64("received", received))
	if sent > 0 {
		attrs = append(attrs, millis("first_sent_ms", &t.sent.first), millis("last_sent_ms", &t.sent.last))
	}
	if received > 0 {
		attrs = append(attrs, millis("first_received_ms", &t.received.first), millis("last_received_ms", &t.received.last))
	}
	return attrs
}

// millis is an attribute in milliseconds with three decimals.
func millis(key string, nanos *atomic.Int64) slog.Attr {
	return slog.Float64(key, math.Round(float64(nanos.Load())/1e3)/1e3)
}

// streamKind says who may send more than one message; "" is a unary call.
func streamKind(client, server bool) string {
	switch {
	case client && server:
		return "bidi"
	case client:
		return "client"
	case server:
		return "server"
	}
	return ""
}
