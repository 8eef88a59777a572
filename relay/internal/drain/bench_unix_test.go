//go:build unix

package drain

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/relay/internal/spool"
)

// cpu is what this process has used.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// null is a store that keeps nothing.
type null struct{}

func (null) Notify(context.Context, []record.Event) error { return nil }
func (null) Close() error                                 { return nil }

// BenchmarkDrain takes messages of 512 records to a store that keeps nothing: from
// memory, and from a spool whose server is in the same process, whose work is counted.
func BenchmarkDrain(b *testing.B) {
	const perMessage = 512
	message := batch("m", drivertest.Trace(perMessage, 0))
	b.Run("memory", func(b *testing.B) {
		measure(b, perMessage, func(n int) (Source, func(context.Context, []spool.Bad) error, func() bool) {
			s := &listed{message: message, left: n}
			return s, func(context.Context, []spool.Bad) error { return nil }, func() bool { return s.acked == n }
		})
	})
	b.Run("spool", func(b *testing.B) {
		measure(b, perMessage, func(n int) (Source, func(context.Context, []spool.Bad) error, func() bool) {
			s := openSpool(b)
			var some []spool.Batch
			for i := range n {
				m := message
				m.ID = fmt.Sprint("m-", i)
				if some = append(some, m); len(some) == 100 || i == n-1 {
					publish(b, s, some...)
					some = some[:0]
				}
			}
			return consumer(b, s, AckWait), s.Quarantine, func() bool {
				state, err := s.State(b.Context())
				return err == nil && state.Messages == 0
			}
		})
	})
}

func measure(b *testing.B, perMessage int, open func(n int) (Source, func(context.Context, []spool.Bad) error, func() bool)) {
	source, quarantine, done := open(b.N)
	d, err := New(Config{Source: source, AckWait: AckWait, Stores: []*drivers.Store{drivers.NewStore("null://", &null{})}, Quarantine: quarantine})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(b.Context())
	b.ResetTimer()
	used := cpu(b)
	ended := make(chan struct{})
	go func() { d.Run(ctx); close(ended) }()
	for d.Stats().Acknowledged < uint64(b.N) {
		time.Sleep(time.Millisecond)
	}
	used = cpu(b) - used
	b.StopTimer()
	if !done() {
		b.Error("not everything was acknowledged")
	}
	stop()
	<-ended
	b.ReportMetric(float64(b.N*perMessage)/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(float64(b.N*perMessage)/used.Seconds(), "records/cpu-s")
}

// listed hands out one message again and again.
type listed struct {
	message     spool.Batch
	left, acked int
}

func (s *listed) Fetch(n int, _ ...jetstream.FetchOpt) (jetstream.MessageBatch, error) {
	n = min(n, s.left)
	c := make(chan jetstream.Msg, n)
	for range n {
		c <- &listedMsg{s: s, n: s.left}
		s.left--
	}
	close(c)
	if n == 0 {
		time.Sleep(time.Millisecond)
	}
	return silentBatch{noError{}, c}, nil
}

type noError struct{ jetstream.MessageBatch }

func (noError) Error() error { return nil }

type listedMsg struct {
	jetstream.Msg
	s *listed
	n int
}

func (m *listedMsg) Metadata() (*jetstream.MsgMetadata, error) {
	return &jetstream.MsgMetadata{NumDelivered: 1, Sequence: jetstream.SequencePair{Stream: uint64(m.n)}}, nil
}
func (m *listedMsg) Subject() string { return spool.Subject(0) }
func (m *listedMsg) Data() []byte    { return m.s.message.Text }
func (m *listedMsg) Ack() error      { m.s.acked++; return nil }
func (m *listedMsg) Nak() error      { return nil }
func (m *listedMsg) Headers() nats.Header {
	return nats.Header{"Nats-Msg-Id": {fmt.Sprint("m-", m.n)}, "Sonde-Trace": {m.s.message.Trace}, "Sonde-Records": {"512"}}
}
