package sondehttp_test

import (
	"context"
	"errors"
	"io"
	"log"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/internal/watchdog"
	sondehttp "github.com/sonde-go/sonde/middleware/http"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
)

// Faults that other tracing middleware for net/http has or had, each with what
// is right here. The numbers are those of the project's list of such faults;
// those that are missing are about databases and reporters.

// exchange has a real server with the traced handler answer a request, and
// returns the response's status and body, the point, and the client's error.
func exchange(t *testing.T, h http.Handler, r *http.Request) (status int, body string, p profilertest.Point, err error) {
	t.Helper()
	svc, rec := profilertest.New(t, "api")
	traced := sondehttp.Handler(svc, h)
	done := make(chan struct{})
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(done)
		traced.ServeHTTP(w, r)
	}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.Start()
	defer srv.Close()
	to, err := http.NewRequestWithContext(r.Context(), r.Method, srv.URL+r.URL.RequestURI(), r.Body)
	if err != nil {
		t.Fatal(err)
	}
	to.Header = r.Header
	sign(to)
	res, err := srv.Client().Do(to)
	if err == nil {
		var b []byte
		b, err = io.ReadAll(res.Body)
		status, body = res.StatusCode, string(b)
		_ = res.Body.Close()
	}
	watchdog.Await(t, "the handler's end", done)
	srv.Close()
	return status, body, rec.One(t, "http"), err
}

func response(p profilertest.Point) map[string]any {
	m, _ := p.Stop["response"].(map[string]any)
	return m
}

func TestFault01_SizeOfFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, make([]byte, 300_000), 0o600); err != nil {
		t.Fatal(err)
	}
	_, body, p, err := exchange(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, file)
	}), httptest.NewRequest("GET", "/", nil))
	if len(body) != 300_000 || err != nil || response(p)["bytes"] != 300_000.0 {
		t.Errorf("%d bytes, %v: recorded %v", len(body), err, p.Stop)
	}
}

func TestFault02_EarlyHintsAreNotTheStatus(t *testing.T) {
	early := 0
	r := httptest.NewRequest("GET", "/", nil)
	r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
		Got1xxResponse: func(int, textproto.MIMEHeader) error { early++; return nil },
	}))
	status, _, p, err := exchange(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusOK)
	}), r)
	if early != 1 || status != 200 || err != nil || response(p)["status_code"] != 200.0 {
		t.Errorf("%d early, then %d, %v: recorded %v", early, status, err, p.Stop)
	}
}

func TestFault03_PanicsAndAborts(t *testing.T) {
	_, _, p, err := exchange(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusAccepted)
		panic("the handler's")
	}), httptest.NewRequest("GET", "/", nil))
	if err == nil || p.Stop["etype"] != "panic" || p.Stop["message"] != "the handler's" || response(p)["status_code"] != 202.0 {
		t.Errorf("panic: %v, recorded %v", err, p.Stop)
	}
	_, _, p, err = exchange(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		panic(http.ErrAbortHandler)
	}), httptest.NewRequest("GET", "/", nil))
	if err == nil || p.Stop["etype"] != nil || p.Stop["outcome"] != "aborted" {
		t.Errorf("abort: %v, recorded %v", err, p.Stop)
	}
}

func TestFault04_PanicsAreNotSwallowed(t *testing.T) {
	for _, v := range []any{"a text", errors.New("an error"), http.ErrAbortHandler} {
		status, _, _, err := exchange(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(v) }),
			httptest.NewRequest("GET", "/", nil))
		if err == nil {
			t.Errorf("panic(%v): the client gets status %d, not a cut connection", v, status)
		}
	}
}

func TestFault05_NotFoundAndNotAllowed(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /there", func(http.ResponseWriter, *http.Request) {})
	for _, test := range []struct {
		method, path string
		status       float64
	}{{"GET", "/elsewhere", 404}, {"DELETE", "/there", 405}} {
		_, _, p, err := exchange(t, mux, httptest.NewRequest(test.method, test.path, nil))
		if err != nil || response(p)["status_code"] != test.status || response(p)["route"] != nil {
			t.Errorf("%s %s: %v, recorded %v", test.method, test.path, err, p.Stop)
		}
	}
}

func TestFault06_RouteBehindMiddleware(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /items/{id}", func(http.ResponseWriter, *http.Request) {})
	type user struct{}
	copies := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), user{}, "ann")))
		})
	}
	for name, h := range map[string]http.Handler{"mux": mux, "middleware": copies(sondehttp.RecordRoute(mux))} {
		_, _, p, err := exchange(t, h, httptest.NewRequest("GET", "/items/7", nil))
		if err != nil || response(p)["route"] != "GET /items/{id}" {
			t.Errorf("%s: %v, recorded %v", name, err, p.Stop)
		}
	}
}

func TestFault07_MultipartFilesAreRemoved(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	files := func() int {
		names, err := filepath.Glob(filepath.Join(os.TempDir(), "multipart-*"))
		if err != nil {
			t.Fatal(err)
		}
		return len(names)
	}
	var body strings.Builder
	form := multipart.NewWriter(&body)
	part, _ := form.CreateFormFile("f", "f.txt")
	_, _ = part.Write(make([]byte, 64<<10))
	_ = form.Close()
	r := httptest.NewRequest("POST", "/", strings.NewReader(body.String()))
	r.Header.Set("Content-Type", form.FormDataContentType())
	during := 0
	_, _, _, err := exchange(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if err := r.ParseMultipartForm(1); err != nil {
			t.Error(err)
		}
		during = files()
	}), r)
	if err != nil || during != 1 || files() != 0 {
		t.Errorf("%v: %d files while the handler ran, %d after it", err, during, files())
	}
}

func TestFault08_ClientPointsEnd(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "hello")
	}))
	defer srv.Close()
	pool := &http.Transport{}
	c := &http.Client{Transport: sondehttp.Transport(pool, sondehttp.AllowAll())}
	call := func(t *testing.T) (*http.Response, *profilertest.Recorder) {
		svc, rec := profilertest.New(t, "front")
		ctx, root := svc.Begin(t.Context(), profiler.Opening{Name: "root"})
		t.Cleanup(func() { root.Stop() })
		r, _ := http.NewRequestWithContext(ctx, "GET", srv.URL, nil)
		res, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		return res, rec
	}
	t.Run("dropped", func(t *testing.T) {
		_, rec := call(t)
		watchdog.Until(t, "the body to be collected", func() bool {
			runtime.GC()
			return rec.One(t, "http_client").Stopped
		})
		if stop := rec.One(t, "http_client").Stop; stop["outcome"] != "leaked" {
			t.Errorf("%v", stop)
		}
		srv.CloseClientConnections() // what net/http keeps for the dropped body
	})
	t.Run("closed late", func(t *testing.T) {
		res, rec := call(t)
		if _, err := io.ReadFull(res.Body, make([]byte, 5)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
		closed := time.Now()
		_ = res.Body.Close()
		if p := rec.One(t, "http_client"); !p.Stopped || closed.Sub(time.Unix(0, p.To)) < 50*time.Millisecond {
			t.Errorf("ended %v before it was closed", closed.Sub(time.Unix(0, p.To)))
		}
	})
	pool.CloseIdleConnections()
}
