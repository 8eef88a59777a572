package sondehttp

import (
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/profiler/profilertest"
)

func goexit() { runtime.Goexit() }

// Every combination of optional methods survives: writers itself makes the
// servers' writers to wrap.
func TestWriterCombinations(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	for want := range combinations {
		_, below := writers[want]()
		if got := optionals(below); got != want {
			t.Fatalf("writer %05b has %05b", want, got)
		}
		x, w := newExchange(below, r)
		if got := optionals(w); got != want {
			t.Errorf("wrapped, %05b has %05b", want, got)
		}
		if x.w != below || w.(interface{ Unwrap() http.ResponseWriter }).Unwrap() != below {
			t.Errorf("%05b: Unwrap does not give the writer below", want)
		}
	}
}

// plain is a ResponseWriter and no more, with a writer below that has all.
type plain struct{ http.ResponseWriter }

func TestWriterWithoutOptionalMethods(t *testing.T) {
	below := httptest.NewRecorder()
	_, w := newExchange(plain{below}, httptest.NewRequest("GET", "/", nil))
	if n := optionals(w); n != 0 {
		t.Errorf("claims %05b", n)
	}
	control := http.NewResponseController(w)
	for name, err := range map[string]error{
		"flush":          control.Flush(),
		"read deadline":  control.SetReadDeadline(time.Time{}),
		"write deadline": control.SetWriteDeadline(time.Time{}),
		"full duplex":    control.EnableFullDuplex(),
	} {
		if !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n, err := io.WriteString(w, "text"); n != 4 || err != nil || below.Body.String() != "text" {
		t.Errorf("%d %v %q", n, err, below.Body)
	}
}

func TestResponses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, make([]byte, 100_000), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		handler http.HandlerFunc
		want    m
	}{
		{"early hints", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusProcessing)
			w.WriteHeader(http.StatusCreated)
		}, m{"status_code": 201.0, "bytes": 0.0}},
		{"early hints, then a body", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			_, _ = w.Write([]byte("abc"))
		}, m{"status_code": 200.0, "bytes": 3.0}},
		{"the first status counts", func(w http.ResponseWriter, _ *http.Request) {
			_ = http.NewResponseController(w).Flush()
			w.WriteHeader(http.StatusTeapot)
		}, m{"status_code": 200.0, "bytes": 0.0}},
		{"flushed without an error", func(w http.ResponseWriter, _ *http.Request) {
			w.(http.Flusher).Flush()
			w.WriteHeader(http.StatusTeapot)
		}, m{"status_code": 200.0, "bytes": 0.0}},
		{"file", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, file) },
			m{"status_code": 200.0, "bytes": 100_000.0}},
		{"copied", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.Copy(w, struct{ io.Reader }{strings.NewReader(strings.Repeat("x", 40_000))})
		}, m{"status_code": 200.0, "bytes": 40_000.0}},
		{"text", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "text") },
			m{"status_code": 200.0, "bytes": 4.0}},
		{"body not allowed", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotModified)
			if _, err := w.Write([]byte("x")); !errors.Is(err, http.ErrBodyNotAllowed) {
				panic(err)
			}
		}, m{"status_code": 304.0, "bytes": 0.0}},
		{"upgrade", func(w http.ResponseWriter, _ *http.Request) {
			conn, rw, err := w.(http.Hijacker).Hijack()
			if err != nil {
				panic(err)
			}
			_, _ = rw.WriteString("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
			_ = rw.Flush()
			_ = conn.Close()
			if _, err := w.Write([]byte("x")); !errors.Is(err, http.ErrHijacked) {
				panic(err)
			}
		}, m{"hijacked": true, "bytes": 0.0}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			svc, rec := profilertest.New(t, "api")
			h := Handler(svc, test.handler)
			done := make(chan struct{})
			srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer close(done)
				h.ServeHTTP(w, r)
			}))
			srv.Config.ErrorLog = log.New(io.Discard, "", 0) // some write a header twice
			srv.Start()
			defer srv.Close()
			r, _ := http.NewRequest("GET", srv.URL, nil)
			sign(t, r.Header, "key")
			res, err := srv.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
			watchdog.Await(t, "the handler's end", done)
			equal(t, "response", rec.One(t, "http").Stop, m{"response": test.want})
		})
	}
}
