package otlp

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/internal/otelid"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/record"
)

func writeOnly(t *testing.T, name, server, url string) {
	drivertest.Run(t, drivertest.Harness{
		Driver: name, Server: server, TLS: true,
		Lacks: []drivers.Op{drivers.Read, drivers.List, drivers.ListErrors, drivers.Delete, drivers.Prune},
		New: func(*testing.T) func() *drivers.Store {
			return func() *drivers.Store { return openURL(t, url, drivers.Options{}) }
		},
	})
}

// TestConformance runs against stand-ins, TestCollector against the real thing.
func TestConformance(t *testing.T) {
	t.Run("HTTP", func(t *testing.T) { writeOnly(t, "otlp", "", "otlp://"+(&standIn{}).http(t)) })
	t.Run("gRPC", func(t *testing.T) { writeOnly(t, "otlp+grpc", "", "otlp+grpc://"+(&standIn{}).grpc(t)) })
}

func TestCollector(t *testing.T) {
	s := servertest.Collector(t)
	t.Run("HTTP", func(t *testing.T) { writeOnly(t, "otlp", "OpenTelemetry Collector 0.140.0", "otlp://"+s.HTTP) })
	t.Run("gRPC", func(t *testing.T) {
		writeOnly(t, "otlp+grpc", "OpenTelemetry Collector 0.140.0", "otlp+grpc://"+s.GRPC)
	})
}

func TestJaeger(t *testing.T) { readBack(t, "Jaeger 1.76.0", servertest.Jaeger) }

func TestJaeger2(t *testing.T) { readBack(t, "Jaeger 2 (module 1.76.0)", servertest.Jaeger2) }

func readBack(t *testing.T, name string, start func(testing.TB) *servertest.OTLP) {
	server := start(t)
	var written *follower
	drivertest.Run(t, drivertest.Harness{
		Driver: "jaeger", Server: name, WholeTrace: true,
		Lacks: []drivers.Op{drivers.Delete, drivers.Prune},
		New: func(t *testing.T) func() *drivers.Store {
			server.Kill() // it keeps its traces in memory, and takes its time to stop
			server.Restart()
			written = &follower{records: map[string]map[string]bool{}}
			return func() *drivers.Store {
				return follow(openURL(t, jaegerURL(server), drivers.Options{}).Driver().(*jaeger), written)
			}
		},
		Settle: func(t *testing.T) { written.settle(t) },
	})
}

func jaegerURL(s *servertest.OTLP) string {
	return "jaeger://" + s.HTTP + "?query=http://" + s.Addr
}

// follower knows what was written and waits until Jaeger shows it.
type follower struct {
	open    []*followed
	mu      sync.Mutex
	records map[string]map[string]bool // by base id
}

type followed struct {
	*jaeger
	f *follower
}

func follow(j *jaeger, f *follower) *drivers.Store {
	d := &followed{j, f}
	f.open = append(f.open, d)
	return drivers.NewStore("jaeger://followed", d)
}

func (d *followed) Notify(ctx context.Context, events []record.Event) error {
	err := d.jaeger.Notify(ctx, events)
	if err != nil {
		return err
	}
	d.f.mu.Lock()
	defer d.f.mu.Unlock()
	for i := range events {
		e := &events[i]
		base := e.Trace().String()
		if d.f.records[base] == nil {
			d.f.records[base] = map[string]bool{}
		}
		d.f.records[base][e.Point().String()+" "+e.RecordName()] = true
	}
	return nil
}

// settle has the drivers send what waits for its counterpart, which they would
// do after a minute, and waits until all is there.
func (f *follower) settle(t *testing.T) {
	t.Helper()
	for _, d := range f.open {
		if err := d.flush(t.Context(), time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	for base, records := range f.records {
		f.await(t, base, len(records))
	}
	clear(f.records)
}

func (f *follower) await(t *testing.T, base string, want int) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		n := 0
		for _, err := range f.open[0].Records(t.Context(), base) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n >= want {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("Jaeger shows %d records of %s, want %d", n, base, want)
		}
	}
}

// TestCollectorSees: what the Collector prints of a span is what was sent.
func TestCollectorSees(t *testing.T) {
	s := servertest.Collector(t)
	for _, url := range []string{"otlp://" + s.HTTP, "otlp+grpc://" + s.GRPC} {
		events := drivertest.Trace(4, 0)[1:3]
		events[1].Change(func(f *record.Fields) { f.Info = []byte(`{"etype":"KeyError","message":"no x","host":"host-a"}`) })
		if err := openURL(t, url, drivers.Options{Params: map[string]string{"service_name_prefix": "cloud"}}).Notify(t.Context(), events); err != nil {
			t.Fatal(err)
		}
		id := otelid.SpanID(events[0].Point())
		var span string
		for end := time.Now().Add(time.Minute); span == ""; time.Sleep(5 * time.Millisecond) {
			log := string(s.Log())
			if at := strings.Index(log, hexText(id[:])); at >= 0 && strings.Contains(log[at:], "exception.message") {
				span = log[strings.LastIndex(log[:at], "Resource attributes"):]
			}
			if time.Now().After(end) {
				t.Fatalf("the span is not in the log: %s", log)
			}
		}
		trace := otelid.TraceID(events[0].Trace())
		for _, want := range []string{
			hexText(trace[:]), ": STATEMENT", "cloud-shop-checkout", "osprofiler.drivers.otlp", "Client", "db.query.text: Str(statement 1)",
			"error.type: Str(KeyError)", "exception.message: Str(no x)", "Status code    : Error",
			time.Unix(0, events[0].Time()).UTC().String(), time.Unix(0, events[1].Time()).UTC().String(),
		} {
			if !strings.Contains(span, want) {
				t.Errorf("%s: the Collector's span lacks %q:\n%s", url, want, span)
			}
		}
	}
}
