package wrapcheck_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sonde-go/sonde/middleware/http/wrapcheck"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Nothing around the handler breaks nothing: the checks themselves are right.
func TestBare(t *testing.T) {
	wrapcheck.Run(t, wrapcheck.Subject{Wrap: bare, WrapTransport: bareTransport})
}

func bare(h http.Handler) http.Handler { return h }

func bareTransport(rt http.RoundTripper) http.RoundTripper { return rt }

// with makes a wrapper that changes what the handler gets.
func with(change func(w http.ResponseWriter, r *http.Request) (http.ResponseWriter, *http.Request)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(change(w, r))
		})
	}
}

type writer = http.ResponseWriter

// claiming has all optional methods, whatever is below.
type claiming struct{ writer }

func (claiming) Flush()                               {}
func (claiming) Push(string, *http.PushOptions) error { return nil }
func (claiming) CloseNotify() <-chan bool             { return nil }
func (claiming) SetReadDeadline(time.Time) error      { return nil }
func (claiming) SetWriteDeadline(time.Time) error     { return nil }
func (claiming) EnableFullDuplex() error              { return nil }
func (claiming) ReadFrom(r io.Reader) (int64, error)  { return 0, errors.ErrUnsupported }
func (claiming) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return nil, nil, errors.ErrUnsupported
}

// doubling writes each status twice and forgets the errors of Write.
type doubling struct{ writer }

func (d doubling) WriteHeader(n int) { d.writer.WriteHeader(n); d.writer.WriteHeader(n) }
func (d doubling) Write(p []byte) (int, error) {
	d.writer.WriteHeader(http.StatusOK)
	_, _ = d.writer.Write(p)
	return len(p), nil
}
func (d doubling) Unwrap() http.ResponseWriter { return d.writer }

// Each wrapper is broken in one way that wrappers have been broken in, and
// fails these checks; together they fail every check.
func TestBroken(t *testing.T) {
	failing(t, wrapcheck.HandlerChecks(), handlers(map[string]brokenHandler{
		"a struct around the writer": {
			with(func(w writer, r *http.Request) (writer, *http.Request) { return struct{ writer }{w}, r }),
			`writer/flush writer/flush_error writer/hijack writer/hijack_control writer/push writer/read_deadline
			writer/write_deadline writer/full_duplex writer/close_notify writer/read_from writer/write_string writer/unwrap
			h1/flush h1/hijack h1/write_deadline h1/read_deadline h1/full_duplex h1/features
			h2/flush h2/write_deadline h2/read_deadline h2/full_duplex h2/features`, false},
		"all methods claimed": {
			with(func(w writer, r *http.Request) (writer, *http.Request) { return claiming{w}, r }),
			`writer/flush writer/flush_error writer/hijack writer/hijack_control writer/push writer/read_deadline
			writer/write_deadline writer/full_duplex writer/read_from writer/write_string writer/unwrap writer/no_more
			h1/flush h1/file h1/hijack h1/write_deadline h1/read_deadline h1/full_duplex h1/features
			h2/flush h2/file h2/write_deadline h2/read_deadline h2/full_duplex h2/features`, false},
		"every status twice, no errors": {
			with(func(w writer, r *http.Request) (writer, *http.Request) { return doubling{w}, r }),
			`writer/flush writer/hijack writer/push writer/close_notify writer/read_from writer/write_string
			writer/headers writer/implicit_header
			h1/early_hints h1/no_superfluous_header h1/body_not_allowed h1/write_deadline h1/features
			h2/early_hints h2/body_not_allowed h2/write_deadline h2/features`, false},
		"the status before the handler": {
			with(func(w writer, r *http.Request) (writer, *http.Request) { w.WriteHeader(200); return w, r }),
			`writer/headers writer/implicit_header
			h1/plain h1/early_hints h1/no_superfluous_header h1/body_not_allowed h1/trailers h1/file h1/hijack h1/panic
			h2/plain h2/early_hints h2/body_not_allowed h2/trailers h2/file h2/panic`, false},
		"a status of its own": {
			func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.WriteHeader(http.StatusAccepted)
				})
			},
			`h1/implicit_status h2/implicit_status`, true},
		"a copy of the request": {
			with(func(w writer, r *http.Request) (writer, *http.Request) { return w, r.WithContext(r.Context()) }),
			`h1/request_trailers h1/request_changes h1/pattern h1/form h1/multipart_files
			h2/request_changes h2/pattern h2/form h2/multipart_files`, false},
		"a new request": {
			with(func(w writer, r *http.Request) (writer, *http.Request) {
				r2 := r.Clone(context.Background())
				r2.Body = io.NopCloser(strings.NewReader(""))
				return w, r2
			}),
			`h1/read_deadline h1/full_duplex h1/body h1/no_body h1/request_trailers h1/context h1/client_gone h1/request_changes h1/pattern h1/form h1/multipart_files
			h2/read_deadline h2/full_duplex h2/body h2/request_trailers h2/context h2/client_gone h2/request_changes h2/pattern h2/form h2/multipart_files`, false},
		"panics recovered": {
			func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					defer func() { _ = recover() }()
					next.ServeHTTP(w, r)
				})
			},
			`h1/panic h1/panic_cuts h1/abort
			h2/panic h2/panic_cuts h2/abort`, false},
		"panics wrapped": {
			func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					defer func() {
						if v := recover(); v != nil {
							panic(errors.New("a panic of the wrapper"))
						}
					}()
					next.ServeHTTP(w, r)
				})
			},
			`h1/panic h1/panic_cuts h1/abort
			h2/panic h2/panic_cuts h2/abort`, false},
	}))
}

// brokenHandler is a wrapper of handlers and what it fails.
type brokenHandler struct {
	wrap  func(http.Handler) http.Handler
	fails string
	other bool // and others
}

func handlers(broken map[string]brokenHandler) map[string]fault {
	faults := map[string]fault{}
	for name, b := range broken {
		faults[name] = fault{wrapcheck.Subject{Wrap: b.wrap}, b.fails, b.other}
	}
	return faults
}

// fault is a broken subject and the checks that it fails.
type fault struct {
	subject wrapcheck.Subject
	fails   string
	other   bool // and others
}

// failing does the checks with every broken subject.
func failing(t *testing.T, checks []wrapcheck.Check, faults map[string]fault) {
	defer func(d time.Duration) { *wrapcheck.Limit() = d }(*wrapcheck.Limit())
	*wrapcheck.Limit() = 2 * time.Second
	var mu sync.Mutex
	unfailed := map[string]bool{}
	for _, c := range checks {
		unfailed[c.Name] = true
	}
	t.Run("wrappers", func(t *testing.T) {
		for name, wrapper := range faults {
			t.Run(name, func(t *testing.T) {
				var fails []string
				var all sync.WaitGroup
				slots := make(chan struct{}, 8)
				for _, check := range checks {
					all.Add(1)
					go func() { // most of the time is spent waiting
						defer all.Done()
						slots <- struct{}{}
						defer func() { <-slots }()
						result := check.Run(wrapper.subject)
						mu.Lock()
						defer mu.Unlock()
						if len(result.Errs) > 0 {
							fails = append(fails, check.Name)
							delete(unfailed, check.Name)
						}
					}()
				}
				all.Wait()
				want := strings.Fields(wrapper.fails)
				for _, check := range checks {
					failed, wanted := slices.Contains(fails, check.Name), slices.Contains(want, check.Name)
					if failed == wanted || failed && wrapper.other {
						continue
					}
					// Once more, alone: so many at once may be too much for a busy machine.
					if errs := check.Run(wrapper.subject).Errs; len(errs) > 0 != wanted {
						t.Errorf("%s: %v", check.Name, errs)
					}
				}
			})
		}
	})
	if len(unfailed) > 0 {
		t.Errorf("no wrapper fails %v", unfailed)
	}
}

func TestPrepare(t *testing.T) {
	s := wrapcheck.Subject{
		Wrap: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("X-Marked") != "yes" {
					t.Errorf("%s %s is not prepared", r.Method, r.URL)
				}
				next.ServeHTTP(w, r)
			})
		},
		Prepare: func(r *http.Request) { r.Header.Set("X-Marked", "yes") },
	}
	wrapcheck.Run(t, s)
}

func TestPanickingWrapper(t *testing.T) {
	s := wrapcheck.Subject{Wrap: func(http.Handler) http.Handler { panic("no") }}
	for _, r := range s.Run() {
		if len(r.Errs) == 0 || !strings.Contains(r.Errs[0].Error(), "panic: no") {
			t.Errorf("%s: %v", r.Check.Name, r.Errs)
		}
	}
}

func TestWriteTable(t *testing.T) {
	var b strings.Builder
	err := wrapcheck.WriteTable(&b,
		wrapcheck.Subject{Name: "bare", Wrap: bare},
		wrapcheck.Subject{Name: "struct", Wrap: with(func(w writer, r *http.Request) (writer, *http.Request) { return struct{ writer }{w}, r })})
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]bool{}
	for line := range strings.Lines(b.String()) {
		lines[strings.Join(strings.Fields(line), " ")] = true
	}
	for _, want := range []string{"check bare struct", "writer/push ok FAIL", "h2/trailers ok ok",
		"struct, writer/push: the wrapped writer has no Push"} {
		if !lines[want] {
			t.Errorf("no line %q in\n%s", want, b.String())
		}
	}
	if err := wrapcheck.WriteTable(fullDisk{}, wrapcheck.Subject{Name: "bare", Wrap: bare}); err == nil {
		t.Error("the writer's error is lost")
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("disk full") }
