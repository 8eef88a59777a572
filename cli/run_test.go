package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/watchdog"
	sondehttp "github.com/sonde-go/sonde/middleware/http"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/rpctrace"
)

// service is a traced HTTP server whose points go to the store at url.
func service(t *testing.T, url, key string, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	svc, end := recorder(t, url, "cart", key)
	return serve(t, svc, end, handler)
}

// serve is a server whose requests svc traces.
func serve(t *testing.T, svc *profiler.Service, end func(), handler http.HandlerFunc) *httptest.Server {
	server := httptest.NewServer(sondehttp.Handler(svc, handler))
	t.Cleanup(func() {
		server.Close()
		end()
	})
	return server
}

// recorder is a Service that writes to the store at url, and what ends it.
func recorder(t *testing.T, url, name, key string) (svc *profiler.Service, end func()) {
	t.Helper()
	d, err := drivers.Open(t.Context(), url, drivers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := header.ParseKeys(key)
	if err != nil {
		t.Fatal(err)
	}
	svc, err = profiler.New(profiler.Config{Name: name, Keys: keys, Sink: d})
	if err != nil {
		t.Fatal(err)
	}
	return svc, func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := svc.Close(ctx); err != nil {
			t.Error(err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
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
	r := command(t, "run", "--wait", "2m", "-X", "PUT", "-H", "X-Own: a: b", "-H", "host: shop.example", "-d", "body", server.URL+"/cart")
	if r.code != exitFine || !regexp.MustCompile(`^trace [0-9a-f-]{36}\nPUT `+server.URL+`/cart: 200 OK, 26 bytes in \S+\n$`).MatchString(r.err) {
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
	r = command(t, "run", "--wait", "2m", "-d", "@"+file, "--json", server.URL)
	if r.code != exitFine || !strings.HasPrefix(r.out, "{\n") || !strings.Contains(r.out, `"method": "POST"`) {
		t.Errorf("%+v", r)
	}
	r = commandWith(t.Context(), "from standard input", "run", "--wait", "2m", "-d", "@-", server.URL)
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
	r := command(t, "run", "--wait", "2m", "--hmac-key", "k", "--connection-string", url, server.URL)
	watchdog.Await(t, "the point's end", done)
	if r.code != exitFine || strings.Contains(r.out, "no stop") || !strings.Contains(r.out, "└ mail") {
		t.Errorf("%+v", r)
	}
}

func TestRunFails(t *testing.T) {
	url := store(t)
	server := service(t, url, "k", func(http.ResponseWriter, *http.Request) {})
	redirect := httptest.NewServer(http.RedirectHandler(server.URL, http.StatusFound))
	defer redirect.Close()
	tests := map[string]struct {
		code int
		want string
		args []string
	}{
		"no key":       {exitFailed, "^sonde: no HMAC key", []string{server.URL}},
		"no URL":       {exitUsage, "<url>", nil},
		"bad URL":      {exitFailed, "begins with http://", []string{"--hmac-key", "k", "localhost:8080"}},
		"bad header":   {exitFailed, `header "x" has no colon`, []string{"--hmac-key", "k", "-H", "x", server.URL}},
		"bad user":     {exitFailed, `--user has no colon`, []string{"--hmac-key", "k", "-u", "secret", server.URL}},
		"no body":      {exitFailed, "no such file", []string{"--hmac-key", "k", "-d", "@/none", server.URL}},
		"two outputs":  {exitFailed, "the trace in the format osprofiler cannot both go .*: give -o FILE or --out FILE", []string{"--hmac-key", "k", "-i", "--json", server.URL}},
		"nobody there": {exitFailed, `^sonde: GET http://u:\S+@127.0.0.1:1/: dial .*refused$`, []string{"--hmac-key", "k", "http://u:secret@127.0.0.1:1/"}},
		"no store":     {exitFailed, "redis://.*refused", []string{"--hmac-key", "k", "--connection-string", "redis://127.0.0.1:1", server.URL}},
		"wrong key":    {exitFailed, `no record of trace .* in sqlite:///.* after 300ms \(--wait\): has the service this HMAC key`, []string{"--hmac-key", "other", "--wait", "300ms", server.URL}},
		"redirected":   {exitFailed, `no record of trace`, []string{"--hmac-key", "k", "--wait", "300ms", redirect.URL}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := command(t, append([]string{"run", "--connection-string", url}, tt.args...)...)
			r.err = regexp.MustCompile(`^trace \S+\n`).ReplaceAllString(r.err, "")
			answered := regexp.MustCompile(`^GET .*: (200|302) .*\n`)
			if name == "redirected" && !strings.Contains(answered.FindString(r.err), "; -L follows it to "+server.URL) {
				t.Errorf("does not say where to: %q", r.err)
			}
			r.err = answered.ReplaceAllString(r.err, "")
			r.checkFails(t, tt.code, tt.want)
			if r.out != "" {
				t.Errorf("prints %q", r.out)
			}
		})
	}
}

// hanging is a traced service whose requests do one thing, see that it is in
// the store, and then hang until their client goes away.
func hanging(t *testing.T, url string) *httptest.Server {
	svc, end := recorder(t, url, "cart", "k")
	return serve(t, svc, end, func(_ http.ResponseWriter, r *http.Request) {
		_, p := profiler.Start(r.Context(), "quick")
		p.Stop()
		_, p = profiler.Start(r.Context(), "slow")
		defer p.Stop()
		if err := svc.Flush(context.WithoutCancel(r.Context())); err != nil {
			t.Error(err)
		}
		<-r.Context().Done()
	})
}

// TestRunTimeout: a request that takes too long is what one profiles.
func TestRunTimeout(t *testing.T) {
	url := store(t)
	server := hanging(t, url)
	file := filepath.Join(t.TempDir(), "trace.json")
	r := command(t, "run", "--json", "--out", file, "--hmac-key", "k", "--connection-string", url, "--timeout", "5s", server.URL)
	if r.code != exitFailed || r.out != "" || !regexp.MustCompile(`^trace [0-9a-f-]{36}\nsonde: GET `+server.URL+`: no answer after 5s \(--timeout\)\n$`).MatchString(r.err) {
		t.Errorf("%+v", r)
	}
	r = command(t, "trace", "show", file)
	for _, want := range []string{"http GET /", "├ quick", "└ slow"} {
		if !strings.Contains(r.out, want) {
			t.Errorf("no %q in\n%s", want, r.out)
		}
	}
}

// TestRunBrokenAnswer: the server begins an answer and dies.
func TestRunBrokenAnswer(t *testing.T) {
	url := store(t)
	svc, end := recorder(t, url, "cart", "k")
	server := serve(t, svc, end, func(w http.ResponseWriter, r *http.Request) {
		_, p := profiler.Start(r.Context(), "step")
		p.Stop()
		if err := svc.Flush(r.Context()); err != nil {
			t.Error(err)
		}
		fmt.Fprint(w, "half")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	r := command(t, "run", "--wait", "2m", "--hmac-key", "k", "--connection-string", url, server.URL)
	if r.code != exitFailed || !regexp.MustCompile(`\nsonde: GET \S+: 200 OK, but after 4 bytes: unexpected EOF\n$`).MatchString(r.err) || !strings.Contains(r.out, "└ step") {
		t.Errorf("%+v", r)
	}
}

// TestRunInterrupted sends the signal of Ctrl-C to a process that waits for an
// answer, and to one that has the answer and waits for the trace.
func TestRunInterrupted(t *testing.T) {
	url := store(t)
	release := make(chan struct{})
	defer close(release)
	late := service(t, url, "k", func(_ http.ResponseWriter, r *http.Request) {
		_, p := profiler.Start(r.Context(), "slow")
		go func() { <-release; p.Stop() }()
	})
	for name, server := range map[string]*httptest.Server{"the answer": hanging(t, url), "the trace": late} {
		t.Run(name, func(t *testing.T) {
			p := process(t, "run", "--hmac-key", "k", "--connection-string", url, "--wait", "10m", "--timeout", "10m", server.URL)
			id := strings.TrimPrefix(p.line(t), "trace ")
			if name == "the trace" && !strings.Contains(p.line(t), ": 200 OK") {
				t.Error("not answered")
			}
			eventually(t, "the open point is in the store", func() bool {
				return strings.Contains(command(t, "trace", "show", id, "--connection-string", url).out, "slow")
			})
			if err := p.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			r := p.end(t)
			if r.code != exitFailed || !strings.HasSuffix("\n"+r.err, "\nsonde: interrupted\n") || !strings.Contains(r.out, "└ slow") || !strings.Contains(r.out, "no stop") {
				t.Errorf("%+v", r)
			}
		})
	}
}

// TestRunRedirects: with -L the signed headers and the password go on to the
// same server, and to no other.
func TestRunRedirects(t *testing.T) {
	url := store(t)
	got := make(chan http.Header, 10)
	target := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got <- r.Header })
	other := httptest.NewServer(target)
	defer other.Close()
	server := service(t, url, "k", func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/here":
			http.Redirect(w, r, "/there", http.StatusTemporaryRedirect)
		case "/there":
			target(w, r)
		case "/away":
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		}
	})
	flags := []string{"run", "--wait", "2m", "--hmac-key", "k", "--connection-string", url, "-u", "u:secret", "-H", "X-Own: 1", "-H", "Cookie: a=b"}
	for path, signed := range map[string]bool{"/here": true, "/away": false} {
		r := command(t, append(flags, "-L", server.URL+path)...)
		if r.code != exitFine || !strings.Contains(r.err, "redirected to ") {
			t.Fatalf("%+v", r)
		}
		h := <-got
		for _, name := range []string{"X-Trace-Info", "X-Trace-Hmac", "Authorization", "Cookie"} {
			if (h.Get(name) != "") != signed {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
		if h.Get("X-Own") != "1" {
			t.Errorf("%s: X-Own is %q", path, h.Get("X-Own"))
		}
	}
	r := command(t, append(flags, "--connection-string", url, "-L", server.URL+"/round")...)
	if r.code != exitFailed || !strings.Contains(r.err, "redirected more than 20 times") {
		t.Errorf("%d, %s", r.code, r.err)
	}
	if len(got) > 0 {
		t.Error("a request too many")
	}
}

func TestRunTLS(t *testing.T) {
	url := store(t)
	server := service(t, url, "k", func(http.ResponseWriter, *http.Request) {})
	secure := httptest.NewUnstartedServer(server.Config.Handler)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	flags := []string{"run", "--wait", "2m", "--hmac-key", "k", "--connection-string", url}
	r := command(t, append(flags, secure.URL)...)
	if r.code != exitFailed || !strings.Contains(r.err, "certificate") || !strings.HasSuffix(r.err, "; -k does not verify it\n") {
		t.Errorf("%+v", r)
	}
	r = command(t, append(flags, "-k", secure.URL)...)
	if r.code != exitFine || !strings.Contains(r.out, "http GET / 200") {
		t.Errorf("%+v", r)
	}
	r = command(t, append(flags, "--wait", "300ms", strings.Replace(secure.URL, "https", "http", 1))...)
	if r.code != exitFailed || !strings.HasSuffix(r.err, "The port speaks TLS: want https://\n") {
		t.Errorf("%+v", r)
	}
	r = command(t, append(flags, strings.Replace(server.URL, "http", "https", 1))...)
	if r.code != exitFailed || !strings.Contains(r.err, "HTTP response to HTTPS client") {
		t.Errorf("%+v", r)
	}
}

func TestRunBody(t *testing.T) {
	url := store(t)
	server := service(t, url, "k", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Answer", "yes")
		user, password, _ := r.BasicAuth()
		fmt.Fprintf(w, "hello %s %s", user, password)
	})
	flags := []string{"run", "--wait", "2m", "--hmac-key", "k", "--connection-string", url}
	file := filepath.Join(t.TempDir(), "body")
	login := filepath.Join(t.TempDir(), "login")
	if err := os.WriteFile(login, []byte("u:from-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SHOP_LOGIN", "u:from-env")
	read := func() string {
		t.Helper()
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	r := command(t, append(flags, "-o", file, "-u", "@"+login, server.URL)...)
	if r.code != exitFine || read() != "hello u from-file" || strings.Contains(r.out, "hello") {
		t.Errorf("%+v wrote %q", r, read())
	}
	r = command(t, append(flags, "-i", "-o", file, "-u", "env:SHOP_LOGIN", "--json", server.URL)...)
	if r.code != exitFine || !regexp.MustCompile(`^HTTP/1.1 200 OK\r\n(?s:.*)X-Answer: yes\r\n\r\nhello u from-env$`).MatchString(read()) || !json.Valid([]byte(r.out)) {
		t.Errorf("%+v wrote %q", r, read())
	}
	r = command(t, append(flags, "-o", "-", server.URL)...)
	if r.code != exitFine || !strings.HasPrefix(r.out, "hello  \nGET / 200 in cart, ") {
		t.Errorf("%+v", r)
	}
	report := filepath.Join(t.TempDir(), "trace.json")
	r = command(t, append(flags, "-i", "--json", "--out", report, server.URL)...)
	if r.code != exitFine || !strings.HasPrefix(r.out, "HTTP/1.1 200 OK\r\n") || !strings.HasSuffix(r.out, "\r\nhello  ") {
		t.Errorf("%+v", r)
	}
	r = command(t, append(flags, "-o", filepath.Join(file, "none"), server.URL)...)
	if r.code != exitFailed || !strings.Contains(r.err, "not a directory") || !strings.Contains(r.out, "http GET / 200") {
		t.Errorf("%+v", r)
	}
}

func TestRunFailFlag(t *testing.T) {
	url := store(t)
	server := service(t, url, "k", func(w http.ResponseWriter, r *http.Request) {
		status, _ := strconv.Atoi(r.URL.Path[1:])
		w.WriteHeader(status)
	})
	for status, code := range map[string]int{"/200": exitFine, "/302": exitFine, "/404": exitHTTP, "/503": exitHTTP} {
		r := command(t, "run", "--wait", "2m", "--fail", "--hmac-key", "k", "--connection-string", url, server.URL+status)
		if r.code != code || !strings.Contains(r.out, "http GET "+status) || strings.Contains(r.err, "sonde:") {
			t.Errorf("%s: %+v", status, r)
		}
		if r := command(t, "run", "--wait", "2m", "--hmac-key", "k", "--connection-string", url, server.URL+status); r.code != exitFine {
			t.Errorf("%s without --fail: %+v", status, r)
		}
	}
	r := command(t, "run", "--fail", "--hmac-key", "other", "--wait", "300ms", "--connection-string", url, server.URL+"/404")
	if r.code != exitHTTP || !strings.Contains(r.err, "\nsonde: no record of trace") {
		t.Errorf("%+v", r)
	}
}

// TestRunMessage: a trace whose message has not been processed yet looks
// complete and is not.
func TestRunMessage(t *testing.T) {
	url := store(t)
	messages := make(chan carrier, 2)
	server := service(t, url, "k", func(_ http.ResponseWriter, r *http.Request) {
		m := carrier{}
		err := rpctrace.Produce(r.Context(), m, profiler.Opening{Name: "bus_publish"}, func(context.Context) error { return nil })
		if err != nil {
			t.Error(err)
		}
		messages <- m
	})
	flags := []string{"run", "--wait", "2m", "--hmac-key", "k", "--connection-string", url}
	consumer, closeConsumer := recorder(t, url, "worker", "k")
	p := process(t, append(flags, "--wait", "10m", server.URL)...)
	p.line(t)
	p.line(t)
	if said := p.line(t); said != "waiting up to 10m0s (--wait) for a message (bus_publish) to be processed; Ctrl-C shows what there is" {
		t.Errorf("says %q", said)
	}
	err := rpctrace.Process(t.Context(), consumer, <-messages, profiler.Opening{Name: "bus_process"}, "orders", func(context.Context) error { return nil })
	closeConsumer()
	if r := p.end(t); err != nil || r.code != exitFine || !strings.Contains(r.out, "└ bus_process") {
		t.Errorf("%v, %+v", err, r)
	}
}

// TestRunGivesUp: after --wait, what there is of the trace is shown, and what
// it lacks is said.
func TestRunGivesUp(t *testing.T) {
	publish := func(name string) []record.Event {
		e := events(checkout, 1, `{"host":"h"}`)
		for i := range e {
			e[i].Change(func(f *record.Fields) { f.Name = name })
		}
		return e
	}
	for name, tt := range map[string]struct {
		events []record.Event
		answer answer
		out    string
		err    string // of show
		said   string
	}{
		"complete":         {publish("step"), answer{sent: true, status: 200}, "\nstep ", "", ""},
		"a point open":     {publish("step")[:1], answer{sent: true, status: 200}, "no stop", "^trace " + checkout + ` is not complete after 0s \(--wait\): 1 point of 1 without a stop$`, ""},
		"a message":        {publish("bus_publish"), answer{sent: true, status: 200}, "\nbus_publish ", "", "^nobody has recorded within 0s \\(--wait\\) that a message \\(bus_publish\\) was processed"},
		"nothing":          {nil, answer{sent: true, status: 200}, "", "^no record of trace " + checkout + " in STORE after 0s", ""},
		"failed, a part":   {publish("step")[:1], answer{sent: true, err: io.EOF}, "no stop", "^said$", ""},
		"failed, nothing":  {nil, answer{sent: true, err: io.EOF}, "", "^no record of the trace has come to STORE so far: see sonde trace show " + checkout + "$", ""},
		"nobody was asked": {nil, answer{err: io.EOF}, "", "^said$", ""},
		"interrupted":      {nil, answer{sent: true, err: context.Canceled}, "", "^context canceled$", "^sonde: no record of the trace has come to STORE so far"},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := drivers.Open(t.Context(), "memory://", drivers.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			if err := d.Notify(t.Context(), tt.events); err != nil {
				t.Fatal(err)
			}
			id, err := header.ParseID(checkout)
			if err != nil {
				t.Fatal(err)
			}
			var out, stderr strings.Builder
			w := awaited{d: d, id: id, store: "STORE", s: streams{nil, &out, &stderr}}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if name == "interrupted" {
				cancel()
			}
			err = (&runCmd{}).show(ctx, &w, tt.answer, builtIn())
			if (err == nil) != (tt.err == "") || err != nil && !regexp.MustCompile(tt.err).MatchString(err.Error()) {
				t.Errorf("error %v, want %q", err, tt.err)
			}
			if !strings.Contains(out.String(), tt.out) || (tt.out == "") != (out.Len() == 0) {
				t.Errorf("prints %q, want %q", out.String(), tt.out)
			}
			if !regexp.MustCompile(tt.said).MatchString(stderr.String()) || (tt.said == "") != (stderr.Len() == 0) {
				t.Errorf("says %q, want %q", stderr.String(), tt.said)
			}
		})
	}
}
