package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/watchdog"
	sondehttp "github.com/sonde-go/sonde/middleware/http"
	"github.com/sonde-go/sonde/profiler"
)

// service is a traced HTTP server whose points go to the store at url.
func service(t *testing.T, url, key string, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	d, err := drivers.Open(t.Context(), url, drivers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := header.ParseKeys(key)
	if err != nil {
		t.Fatal(err)
	}
	svc, err := profiler.New(profiler.Config{Name: "cart", Keys: keys, Sink: d})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sondehttp.Handler(svc, handler))
	t.Cleanup(func() {
		server.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := svc.Close(ctx); err != nil {
			t.Error(err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}

func TestRun(t *testing.T) {
	url := store(t)
	t.Setenv("OSPROFILER_CONNECTION_STRING", url)
	t.Setenv("SONDE_HMAC_KEY", "k")
	server := service(t, url, "k", func(w http.ResponseWriter, r *http.Request) {
		_, p := profiler.Start(r.Context(), "price")
		body, _ := io.ReadAll(r.Body)
		p.Stop()
		fmt.Fprintf(w, "%s %s %s %s", r.Method, r.Host, r.Header.Get("X-Own"), body)
	})
	r := command(t, "run", "-X", "PUT", "-H", "X-Own: a: b", "-H", "host: shop.example", "-d", "body", server.URL+"/cart")
	if r.code != exitFine || !strings.HasPrefix(r.err, "PUT "+server.URL+"/cart: 200 OK, 26 bytes in ") {
		t.Fatalf("%+v", r)
	}
	for _, want := range []string{"http PUT /cart 200", "└ price"} {
		if !strings.Contains(r.out, want) {
			t.Errorf("no %q in\n%s", want, r.out)
		}
	}
	file := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(file, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	r = command(t, "run", "-d", "@"+file, "--json", server.URL)
	if r.code != exitFine || !strings.HasPrefix(r.out, "{\n") || !strings.Contains(r.out, `"method": "POST"`) {
		t.Errorf("%+v", r)
	}
	r = commandWith(t.Context(), "from standard input", "run", "-d", "@-", server.URL)
	if r.code != exitFine || !strings.Contains(r.out, "http POST / 200") {
		t.Errorf("%+v", r)
	}
}

// TestRunWaits: points that end after the answer belong to the trace.
func TestRunWaits(t *testing.T) {
	url := store(t)
	done := make(chan struct{})
	server := service(t, url, "k", func(_ http.ResponseWriter, r *http.Request) {
		_, p := profiler.Start(r.Context(), "mail")
		go func() {
			defer close(done)
			time.Sleep(600 * time.Millisecond)
			p.Stop()
		}()
	})
	r := command(t, "run", "--hmac-key", "k", "--connection-string", url, server.URL)
	watchdog.Await(t, "the point's end", done)
	if r.code != exitFine || strings.Contains(r.out, "no stop") || !strings.Contains(r.out, "└ mail") {
		t.Errorf("%+v", r)
	}
}

func TestRunFails(t *testing.T) {
	url := store(t)
	release := make(chan struct{})
	server := service(t, url, "k", func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hang" {
			_, p := profiler.Start(r.Context(), "hang")
			go func() { <-release; p.Stop() }()
		}
	})
	defer close(release)
	redirect := httptest.NewServer(http.RedirectHandler(server.URL, http.StatusFound))
	defer redirect.Close()
	tests := map[string]struct {
		code int
		want string
		args []string
	}{
		"no key":        {exitFailed, "^sonde: no HMAC key", []string{server.URL}},
		"no URL":        {exitUsage, "<url>", nil},
		"bad URL":       {exitFailed, "begins with http://", []string{"--hmac-key", "k", "localhost:8080"}},
		"bad header":    {exitFailed, `header "x" has no colon`, []string{"--hmac-key", "k", "-H", "x", server.URL}},
		"no body":       {exitFailed, "no such file", []string{"--hmac-key", "k", "-d", "@/none", server.URL}},
		"nobody there":  {exitFailed, "refused", []string{"--hmac-key", "k", "http://u:secret@127.0.0.1:1/"}},
		"no store":      {exitFailed, "redis://.*refused", []string{"--hmac-key", "k", "--connection-string", "redis://127.0.0.1:1", server.URL}},
		"wrong key":     {exitFailed, `no record of trace .* in sqlite:///.* after 300ms: has the service this HMAC key`, []string{"--hmac-key", "other", "--timeout", "300ms", server.URL}},
		"redirected":    {exitFailed, `no record of trace`, []string{"--hmac-key", "k", "--timeout", "300ms", redirect.URL}},
		"never stopped": {exitFailed, `not complete after 700ms: 1 of 2 points have no stop`, []string{"--hmac-key", "k", "--timeout", "700ms", server.URL + "/hang"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := command(t, append([]string{"run", "--connection-string", url}, tt.args...)...)
			answered := regexp.MustCompile(`^GET .*: (200|302) .*\n`)
			r.err = answered.ReplaceAllString(r.err, "")
			r.checkFails(t, tt.code, tt.want)
			if shown := strings.Contains(r.out, "no stop"); shown != (name == "never stopped") {
				t.Errorf("prints %q", r.out)
			}
		})
	}
}
