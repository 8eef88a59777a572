package agent

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/record"
	"go.uber.org/goleak"
)

// asAgent has this test's program be an agent, as the driver starts it.
const asAgent = "SONDE_TEST_AS_AGENT"

func TestMain(m *testing.M) {
	if os.Getenv(asAgent) != "" {
		beAgent()
		return
	}
	goleak.VerifyTestMain(m)
}

// fake is an agent that keeps what it is sent in memory. It drops a post that it has
// taken before, by its numbers, as the real one does.
type fake struct {
	token  string
	refuse func(w http.ResponseWriter, r *http.Request, body []byte) bool // nil: takes all

	mu    sync.Mutex
	posts []post
	lines []string // of all posts
	seen  map[string]bool
}

type post struct {
	producer, first string
	lines           []string
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	refuse := f.refuse
	f.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	switch {
	case err != nil:
		w.WriteHeader(http.StatusBadRequest)
	case f.token != "" && r.Header.Get("Authorization") != "Bearer "+f.token:
		w.WriteHeader(http.StatusUnauthorized)
	case refuse != nil && refuse(w, r, body):
	case r.URL.Path == "/healthz":
		_, _ = io.WriteString(w, `{"status":"ok"}`)
	case r.Method == http.MethodPost && r.URL.Path == "/v1/events":
		fmt.Fprintf(w, `{"accepted":%d}`, f.take(r, body))
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (f *fake) take(r *http.Request, body []byte) int {
	p := post{r.Header.Get("Sonde-Producer"), r.Header.Get("Sonde-First"), strings.Split(strings.TrimSuffix(string(body), "\n"), "\n")}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.posts = append(f.posts, p)
	if id := p.producer + "-" + p.first; p.producer == "" || !f.seen[id] {
		if f.seen == nil {
			f.seen = map[string]bool{}
		}
		f.seen[id] = true
		f.lines = append(f.lines, p.lines...)
	}
	return len(p.lines)
}

func (f *fake) answer(refuse func(w http.ResponseWriter, r *http.Request, body []byte) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refuse = refuse
}

// taken returns the posts since the last time.
func (f *fake) taken() []post {
	f.mu.Lock()
	defer f.mu.Unlock()
	posts := f.posts
	f.posts = nil
	return posts
}

func (f *fake) stored() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.lines)
}

// serve has the fake listen until the test ends.
func (f *fake) serve(t *testing.T, l net.Listener) {
	t.Helper()
	server := &http.Server{Handler: f, ReadHeaderTimeout: time.Minute}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
}

func listen(t testing.TB, network, addr string) net.Listener {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), network, addr)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// atSocket is a fake at a socket, and its URL.
func atSocket(t *testing.T) (*fake, string) {
	t.Helper()
	f := &fake{}
	path := socket(t)
	f.serve(t, listen(t, "unix", path))
	return f, "agent://" + path
}

// socket is a path that is short enough for one.
func socket(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "sonde")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "agent.sock")
}

func openURL(t testing.TB, url string) *drivers.Store {
	t.Helper()
	d, err := drivers.Open(t.Context(), url, drivers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// numbered makes n records of a producer, from a number of its own on.
func numbered(n int, producer, first uint64) []record.Event {
	events := make([]record.Event, n)
	for i := range events {
		f := fields()
		f.Producer, f.Seq = producer, first+uint64(i)
		events[i] = record.New(f)
	}
	return events
}

// beAgent listens where the driver says, and writes a line into a file for each time
// that it was started.
func beAgent() {
	if len(os.Args) != 8 || os.Args[1] != "agent" || os.Getenv(storeVariable) == "" {
		fmt.Fprintf(os.Stderr, "started as %q\n", os.Args)
		os.Exit(3)
	}
	if os.Getenv(asAgent) == "fails" {
		fmt.Fprintln(os.Stderr, "no room")
		os.Exit(1)
	}
	listen, err := url.Parse(os.Args[3]) // as agents do
	if err != nil {
		panic(err)
	}
	path := listen.Path
	started, err := os.OpenFile(path+".started", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	fmt.Fprintf(started, "%d %s\n", os.Getpid(), strings.Join(append(os.Args[4:], os.Getenv(storeVariable)), " "))
	l, err := new(net.ListenConfig).Listen(context.Background(), "unix", path)
	if err != nil {
		panic(err)
	}
	fmt.Println("listening")
	time.AfterFunc(time.Minute, func() { os.Exit(4) }) // if the test does not end it
	_ = http.Serve(l, &fake{})
}
