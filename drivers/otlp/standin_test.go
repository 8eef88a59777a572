package otlp

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/sonde-go/sonde/drivers"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func openURL(t testing.TB, url string, o drivers.Options) *drivers.Store {
	t.Helper()
	d, err := drivers.Open(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// standIn is no OTLP server but a record of what one would get, with answers
// as the test wants them. The real ones are in TestJaeger and TestCollector.
type standIn struct {
	mu       sync.Mutex
	requests []*tracepb.TracesData
	headers  []map[string][]string
	paths    []string

	// answer makes the reply to a request; nil: all is taken.
	answer func(request *tracepb.TracesData) reply
}

type reply struct {
	status int        // of HTTP, 0 for 200
	code   codes.Code // of gRPC
	text   string     // of a failure
	body   []byte     // of a success
	mime   string
}

func (s *standIn) take(path string, headers map[string][]string, body []byte) reply {
	request := &tracepb.TracesData{}
	if err := proto.Unmarshal(body, request); err != nil {
		return reply{status: 400, code: codes.InvalidArgument, text: err.Error()}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, request)
	s.headers = append(s.headers, headers)
	s.paths = append(s.paths, path)
	if s.answer == nil {
		return reply{}
	}
	return s.answer(request)
}

// spans are those that were taken, in order.
func (s *standIn) spans() (spans []*tracepb.Span) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.requests {
		spans = append(spans, spansOf(r)...)
	}
	return spans
}

func spansOf(r *tracepb.TracesData) (spans []*tracepb.Span) {
	for _, resource := range r.ResourceSpans {
		for _, scope := range resource.ScopeSpans {
			spans = append(spans, scope.Spans...)
		}
	}
	return spans
}

// http serves OTLP/HTTP and returns host:port.
func (s *standIn) http(t testing.TB) string {
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != protobuf {
		http.Error(w, "no OTLP", http.StatusBadRequest)
		return
	}
	a := s.take(r.URL.Path, r.Header, body)
	if a.status != 0 {
		w.Header().Set("Content-Type", a.mime)
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, a.text)
		return
	}
	w.Header().Set("Content-Type", protobuf)
	_, _ = w.Write(a.body)
}

// grpc serves OTLP/gRPC and returns host:port.
func (s *standIn) grpc(t testing.TB, opts ...grpc.ServerOption) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(append(opts, grpc.ForceServerCodec(encoding.Codec(rawCodec{})))...)
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "opentelemetry.proto.collector.trace.v1.TraceService",
		HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: "Export", Handler: func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			var body []byte
			if err := decode(&body); err != nil {
				return nil, err
			}
			md, _ := metadata.FromIncomingContext(ctx)
			a := s.take(exportMethod, md, body)
			if a.code != codes.OK {
				return nil, status.Error(a.code, a.text)
			}
			return &a.body, nil
		}}},
	}, nil)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return listener.Addr().String()
}

// answering is a transport whose server gives one reply to everything.
type answering []byte

func (a answering) send(context.Context, []byte) ([]byte, error) { return a, nil }
func (a answering) close() error                                 { return nil }

var quiet = slog.New(slog.DiscardHandler)
