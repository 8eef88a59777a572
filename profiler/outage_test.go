package profiler_test

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
)

// outages collects what a Service logs of a store that fails. It is called by one
// goroutine after the other.
type outages struct {
	slog.Handler
	lines  []string
	failed []uint64
}

func (l *outages) Handle(_ context.Context, r slog.Record) error {
	l.lines = append(l.lines, strings.TrimPrefix(r.Message, "sonde: "))
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "failed" {
			l.failed = append(l.failed, a.Value.Uint64())
		}
		return true
	})
	return nil
}

const (
	outageBegins = "the store does not take trace records; they wait and are sent again"
	outageEnds   = "the store takes trace records again"
	outageStays  = "closed before the sink had taken all trace records"
)

// TestOutage: a store that flaps is told of once, its end when it has been well for a
// minute or when the Service is closed, and the last line is what holds.
func TestOutage(t *testing.T) {
	const fails, works, flaps = 'f', 'w', '/'
	for name, c := range map[string]struct {
		store  string // fifty seconds each, in which ten batches come but for '.', in which none does
		want   []string
		failed []uint64
	}{
		"well":                       {"ww", nil, nil},
		"flapping until Close":       {"//", []string{outageBegins, outageEnds}, []uint64{20}},
		"flapping, then well":        {"//www", []string{outageBegins, outageEnds}, []uint64{20}},
		"flapping, then at rest":     {"/..", []string{outageBegins, outageEnds}, []uint64{10}},
		"flapping again":             {"/../..", []string{outageBegins, outageEnds, outageBegins, outageEnds}, []uint64{10, 10}},
		"flapping, well for a while": {"/w/", []string{outageBegins, outageEnds}, []uint64{20}},
		"down until Close":           {"wff", []string{outageBegins, outageStays}, nil},
		"down when it had flapped":   {"/f", []string{outageBegins, outageStays}, nil},
		"down again":                 {"/www.f", []string{outageBegins, outageEnds, outageBegins, outageStays}, []uint64{10}},
	} {
		t.Run(name, func(t *testing.T) {
			onOwnClock(t, func(t *testing.T) {
				log := &outages{Handler: slog.NewTextHandler(io.Discard, nil)}
				now, tries := rune(works), 0
				sink := &store{before: func(context.Context, []record.Event) error {
					tries++
					if now == fails || now == flaps && tries%2 == 1 {
						return errDown
					}
					return nil
				}}
				s := newService(t, sink, func(c *profiler.Config) { c.Logger = slog.New(log) })
				for _, now = range c.store {
					for range 10 {
						if tries = 0; now != '.' {
							points(s, 1)
						}
						time.Sleep(5 * time.Second)
						settle()
					}
				}
				_ = s.Close(context.Background())
				balanced(t, s)
				if !slices.Equal(log.lines, c.want) || !slices.Equal(log.failed, c.failed) {
					t.Errorf("logged %q with %d failures, want %q with %d", log.lines, log.failed, c.want, c.failed)
				}
			})
		})
	}
}
