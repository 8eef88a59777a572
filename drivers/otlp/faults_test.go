package otlp

import (
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/drivers/drivertest/faults"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/record"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/protobuf/encoding/protowire"
)

const secrets = "?header.x-team=hunter2&header.authorization=Bearer%20hunter2"

// shown checks that an error can be shown to a user.
func shown(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	if text := err.Error(); strings.ContainsAny(text, "\n\r") || strings.Contains(text, "hunter2") {
		t.Errorf("the error is %q", text)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("the error is %q and lacks %q", err, word)
		}
	}
}

// both runs a test with a stand-in over HTTP and over gRPC.
func both(t *testing.T, f func(t *testing.T, s *standIn, d *drivers.Store)) {
	t.Run("HTTP", func(t *testing.T) {
		s := &standIn{}
		f(t, s, openURL(t, "otlp://"+s.http(t)+secrets, drivers.Options{}))
	})
	t.Run("gRPC", func(t *testing.T) {
		s := &standIn{}
		f(t, s, openURL(t, "otlp+grpc://"+s.grpc(t)+secrets, drivers.Options{}))
	})
}

func TestHeaders(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-env=a%20b, x-team=other")
	both(t, func(t *testing.T, s *standIn, d *drivers.Store) {
		if err := d.Notify(t.Context(), drivertest.Trace(2, 0)); err != nil {
			t.Fatal(err)
		}
		lower := map[string]string{}
		for name, values := range s.headers[0] {
			lower[strings.ToLower(name)] = values[0]
		}
		for name, want := range map[string]string{"x-env": "a b", "x-team": "hunter2", "authorization": "Bearer hunter2"} {
			if lower[name] != want {
				t.Errorf("%s: %q, want %q", name, lower[name], want)
			}
		}
	})
}

func TestPaths(t *testing.T) {
	s := &standIn{}
	addr := s.http(t)
	for _, path := range []string{"", "/", "/v1/traces", "/in", "/in/v1/traces/", "/a%2Fb"} {
		if err := openURL(t, "otlp://u:hunter2@"+addr+path, drivers.Options{}).Ping(t.Context()); err != nil {
			t.Error(err)
		}
	}
	want := []string{"/v1/traces", "/v1/traces", "/v1/traces", "/in/v1/traces", "/in/v1/traces", "/a/b/v1/traces"}
	if !slices.Equal(s.paths, want) {
		t.Errorf("%q, want %q", s.paths, want)
	}
	if got := s.headers[0]["Authorization"]; !slices.Equal(got, []string{"Basic dTpodW50ZXIy"}) {
		t.Errorf("authorization %q", got)
	}
}

// TestAnswers: what each answer means for the records, and that they come
// again after it, once.
func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		status            int
		code              codes.Code
		refused, unsent   bool
		echo, wantInError string
	}{
		{status: 400, code: codes.InvalidArgument, refused: true, echo: "bad hunter2\nspan", wantInError: "bad *** span"},
		{status: 413, code: codes.ResourceExhausted, refused: true, echo: "received message larger than max"},
		{status: 401, code: codes.Unauthenticated, unsent: true, echo: "who is Bearer hunter2?", wantInError: "who is"},
		{status: 403, code: codes.PermissionDenied, unsent: true},
		{status: 404, code: codes.Unimplemented, unsent: true, echo: "no such page"},
		{status: 429, code: codes.ResourceExhausted, unsent: true},
		{status: 307, code: codes.Unavailable, unsent: true},
		{status: 503, code: codes.Unavailable},
		{status: 500, code: codes.Internal},
	} {
		both(t, func(t *testing.T, s *standIn, d *drivers.Store) {
			isGRPC := strings.Contains(t.Name(), "gRPC")
			s.answer = func(*tracepb.TracesData) reply { return reply{status: c.status, code: c.code, text: c.echo} }
			events := drivertest.Trace(4, 0)
			err := d.Notify(t.Context(), events)
			var rejected *record.RejectedError
			if errors.As(err, &rejected) != c.refused {
				t.Fatalf("%d: %v", c.status, err)
			}
			shown(t, err, c.wantInError)
			if c.refused {
				if !slices.Equal(rejected.Indexes, []int{0, 1, 2, 3}) {
					t.Errorf("%d: rejected are %v", c.status, rejected.Indexes)
				}
				return
			}
			if !isGRPC && errors.Is(err, record.ErrNotSent) != c.unsent {
				t.Errorf("%d: %v", c.status, err)
			}
			s.mu.Lock()
			s.answer, s.requests = nil, nil
			s.mu.Unlock()
			if err := d.Notify(t.Context(), events); err != nil {
				t.Fatal(err)
			}
			if n := len(s.spans()); n != 2 {
				t.Errorf("%d: %d spans after it, want 2", c.status, n)
			}
		})
	}
}

// TestTooLarge: only what is too large by itself is rejected, and what
// completes it later is not lost.
func TestTooLarge(t *testing.T) {
	both(t, func(t *testing.T, s *standIn, d *drivers.Store) {
		events := drivertest.Trace(12, 0)
		events[3].Change(func(f *record.Fields) { f.Info = drivertest.Info(strings.Repeat("x", 5000)) })
		s.answer = func(r *tracepb.TracesData) reply {
			for _, span := range spansOf(r) {
				for _, kv := range span.Attributes {
					if len(kv.Value.GetStringValue()) >= 5000 {
						return reply{status: 413, code: codes.ResourceExhausted, text: "grpc: received message larger than max"}
					}
				}
			}
			return reply{}
		}
		var rejected *record.RejectedError
		err := d.Notify(t.Context(), events)
		if !errors.As(err, &rejected) || !slices.Equal(rejected.Indexes, []int{3, 4}) {
			t.Fatalf("Notify: %v", err)
		}
		if err := d.Notify(t.Context(), append(events[:3:3], events[5:]...)); err != nil {
			t.Fatal(err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		distinct := map[string]bool{}
		for _, span := range s.spans() {
			if marks(span) != "" {
				t.Errorf("%s is %s", span.Name, marks(span))
			}
			distinct[string(span.SpanId)] = true
		}
		if len(distinct) != 6 { // the large one was seen by the stand-in
			t.Errorf("%d spans, want 6", len(distinct))
		}
	})
}

// TestLargeBatch: a batch of 4 MB goes out in parts that every server takes.
func TestLargeBatch(t *testing.T) {
	both(t, func(t *testing.T, s *standIn, d *drivers.Store) {
		events := drivertest.Trace(100, 0)
		info := drivertest.Info(strings.Repeat("x", 40000))
		for i := range events {
			events[i].Change(func(f *record.Fields) { f.Info = info })
		}
		if err := d.Notify(t.Context(), events); err != nil {
			t.Fatal(err)
		}
		if n := len(s.spans()); n != 50 || len(s.requests) < 2 {
			t.Errorf("%d spans in %d requests", n, len(s.requests))
		}
	})
}

func partial(rejected uint64, message string) []byte {
	inner := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), rejected)
	inner = protowire.AppendString(protowire.AppendTag(inner, 2, protowire.BytesType), message)
	return protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), inner)
}

func TestPartialSuccess(t *testing.T) {
	both(t, func(t *testing.T, s *standIn, d *drivers.Store) {
		s.answer = func(*tracepb.TracesData) reply { return reply{body: partial(1, "one is bad")} }
		if err := d.Notify(t.Context(), drivertest.Trace(4, 0)); err != nil {
			t.Errorf("one of two rejected: %v", err)
		}
		s.answer = func(*tracepb.TracesData) reply { return reply{body: partial(2, "both are bad")} }
		var rejected *record.RejectedError
		err := d.Notify(t.Context(), drivertest.Trace(4, 0))
		if !errors.As(err, &rejected) || !slices.Equal(rejected.Indexes, []int{0, 1, 2, 3}) {
			t.Errorf("both rejected: %v", err)
		}
		shown(t, err, "both are bad")
	})
}

// faulty is a stand-in that knows its clients, and may be full.
type faulty struct {
	standIn
	full  bool
	taken map[string]bool // that it has taken
}

func newFaulty() *faulty {
	s := &faulty{taken: map[string]bool{}}
	s.answer = func(r *tracepb.TracesData) reply { // mu is held
		for name, values := range s.headers[len(s.headers)-1] {
			if strings.EqualFold(name, "authorization") && values[0] != "Bearer "+faults.Secret {
				return reply{status: http.StatusUnauthorized, code: codes.Unauthenticated}
			}
		}
		if s.full {
			return reply{status: http.StatusTooManyRequests, code: codes.ResourceExhausted}
		}
		for _, span := range spansOf(r) {
			s.taken[string(span.SpanId)] = true
		}
		return reply{}
	}
	return s
}

func (s *faulty) fill(*testing.T) (free func()) {
	set := func(full bool) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.full = full
	}
	set(true)
	return func() { set(false) }
}

// stored counts records, of which a span is two.
func (s *faulty) stored() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return 2 * len(s.taken)
}

// TestFaults runs the suite on stand-ins, and has the real thing killed and
// frozen.
func TestFaults(t *testing.T) {
	for scheme, serve := range map[string]func(*faulty, testing.TB) string{
		"otlp":      func(s *faulty, t testing.TB) string { return s.http(t) },
		"otlp+grpc": func(s *faulty, t testing.TB) string { return s.grpc(t) },
	} {
		t.Run(scheme, func(t *testing.T) {
			faults.Run(t, faults.Harness{New: func(t *testing.T) *faults.Server {
				s := newFaulty()
				p := faults.NewProxy(t, serve(s, t))
				urlAt := func(password, addr string) string {
					return scheme + "://" + addr + "?header.authorization=Bearer%20" + password
				}
				return &faults.Server{
					Addr: p.Addr, Name: "OTLP at " + p.Addr, Holds: true,
					URL:  func(addr string) string { return urlAt(faults.Secret, addr) },
					Stop: p.Stop, Start: p.Start, Kill: p.Stop, Freeze: p.Freeze, Thaw: p.Thaw,
					Wrong:  func(*testing.T) string { return urlAt("x"+faults.Secret, p.Addr) },
					Fill:   s.fill,
					Stored: func(*testing.T) int { return s.stored() },
				}
			}})
		})
	}
	t.Run("Jaeger", func(t *testing.T) {
		s := servertest.Jaeger(t)
		for name, url := range map[string]string{"HTTP": "otlp://" + s.HTTP, "gRPC": "otlp+grpc://" + s.GRPC, "jaeger": jaegerURL(s)} {
			t.Run(name, func(t *testing.T) {
				faults.Run(t, faults.Harness{
					Lacks: faults.Only("tried with the stand-ins", faults.Killed, faults.Down, faults.Frozen),
					New: func(t *testing.T) *faults.Server {
						return &faults.Server{
							URL: func(string) string { return url }, Name: " at 127.0.0.1:", Holds: true, Forgets: true,
							Stop: s.Kill, Start: s.Restart, Kill: s.Kill, Freeze: s.Freeze, Thaw: s.Thaw,
							Stored: func(*testing.T) int { return -1 }, // it shows late what it has
						}
					},
				})
			})
		}
	})
}

// TestClosedWhileDown: a start waits for its stop, and is lost.
func TestClosedWhileDown(t *testing.T) {
	for _, scheme := range []string{"otlp", "otlp+https", "otlp+grpc", "otlp+grpcs", "jaeger"} {
		d := openURL(t, scheme+"://127.0.0.1:1"+secrets, drivers.Options{})
		if err := d.Notify(t.Context(), drivertest.Trace(1, 0)); err != nil {
			t.Errorf("a start, which is held: %v", err)
		}
		shown(t, d.Close(), "1 unfinished")
	}
}

func TestTLS(t *testing.T) {
	cert, key := servertest.Certificate(t)
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	s := &standIn{}
	server := httptest.NewUnstartedServer(s)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	server.Config.ErrorLog = nil
	server.StartTLS()
	t.Cleanup(server.Close)
	for scheme, addr := range map[string]string{
		"otlp+https": server.Listener.Addr().String(),
		"otlp+grpcs": s.grpc(t, grpc.Creds(credentials.NewServerTLSFromCert(&pair))),
	} {
		if err := openURL(t, scheme+"://"+addr+"?ssl_ca_certs="+cert, drivers.Options{}).Notify(t.Context(), drivertest.Trace(2, 0)); err != nil {
			t.Errorf("%s: %v", scheme, err)
		}
		err := openURL(t, scheme+"://"+addr+secrets, drivers.Options{}).Notify(t.Context(), drivertest.Trace(2, 0))
		shown(t, err, "certificate")
		if !errors.Is(err, record.ErrNotSent) {
			t.Errorf("%s: %v", scheme, err)
		}
	}
	if n := len(s.spans()); n != 2 {
		t.Errorf("%d spans, want 2", n)
	}
}

func TestBadURLs(t *testing.T) {
	empty := t.TempDir() + "/empty.pem"
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]string{
		"otlp://u:hunter2%zz@h":                "is written %25",
		"otlp://h?header.x=%zzhunter2":         "percent-encoded",
		"otlp://h?header.x=hunter2%0a":         "cannot be sent",
		"otlp://h?header.a%20b=hunter2":        "not the name of a header",
		"otlp://h?headers=hunter2":             "unknown option",
		"otlp://h?query=http://h":              "unknown option",
		"otlp+grpc://h/path":                   "no path",
		"otlp://h?ssl_ca_certs=x":              "otlp+https://",
		"otlp+https://h?ssl_ca_certs=/no/ca":   "ssl_ca_certs",
		"otlp+grpcs://h?ssl_ca_certs=" + empty: "no certificate",
		"jaeger://h:6831":                      "port 6831",
		"jaeger://h?query=h:16686":             "query is not a URL",
		"jaeger://h?query=http://h%":           "percent-encoded",
	} {
		d, err := drivers.Open(t.Context(), url, drivers.Options{})
		if err == nil {
			_ = d.Close()
			t.Errorf("%s was opened", url)
			continue
		}
		shown(t, err, want)
	}
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "hunter2")
	_, err := drivers.Open(t.Context(), "otlp://h", drivers.Options{})
	shown(t, err, "OTEL_EXPORTER_OTLP_HEADERS")
}
