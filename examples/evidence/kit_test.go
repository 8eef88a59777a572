package evidence

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	_ "github.com/sonde-go/sonde/drivers/redis"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/internal/watchdog"
	sondegrpc "github.com/sonde-go/sonde/middleware/grpc"
	sondehttp "github.com/sonde-go/sonde/middleware/http"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

//go:embed testdata/service.py
var pythonService string

const secret = "a key that all have"

// farOff is how far a host's clock may be off without a word: what NTP
// keeps clocks within.
const farOff = 2 * time.Millisecond

// kit is what recordings are made with: a store in Redis, which Go and Python
// share, services with hosts and clocks of their own, and a Python service.
type kit struct {
	t        *testing.T
	rng      *rand.Rand
	store    *drivers.Store
	keys     *header.Keyring
	services []*profiler.Service
	clocks   map[string]*clock // by host
	quotes   *python
	http     *http.Client // traced
}

// newKit makes a kit whose hosts have clocks that are off by up to off.
func newKit(t *testing.T, rng *rand.Rand, off time.Duration) *kit {
	t.Helper()
	servertest.Python(t, "redis")
	url := "redis://" + servertest.Redis(t).Addr
	store, err := drivers.Open(t.Context(), url, drivers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	keys, err := header.ParseKeys(secret)
	if err != nil {
		t.Fatal(err)
	}
	k := &kit{t: t, rng: rng, store: store, keys: keys, clocks: map[string]*clock{}}
	base := &http.Transport{MaxIdleConnsPerHost: 16}
	t.Cleanup(base.CloseIdleConnections)
	k.http = &http.Client{Transport: sondehttp.Transport(base, sondehttp.AllowHosts("127.0.0.1"))}
	k.quotes = startPython(t, url, k.clock("quotes-1", off).offset())
	return k
}

// clock draws how far a host's clock is off.
func (k *kit) clock(host string, off time.Duration) *clock {
	c := &clock{Sink: k.store}
	if off > 0 {
		c.by.Store(k.rng.Int64N(2*int64(off)) - int64(off))
	}
	k.clocks[host] = c
	return c
}

// service is a program on a host of its own, whose clock is off by up to off.
// The test's end closes it.
func (k *kit) service(name string, off time.Duration) *profiler.Service {
	return k.on(name, name+"-1", off)
}

func (k *kit) on(name, host string, off time.Duration) *profiler.Service {
	k.t.Helper()
	c := k.clock(host, off)
	svc, err := profiler.New(profiler.Config{Name: name, Host: host, Project: "evidence", Keys: k.keys, Sink: c})
	if err != nil {
		k.t.Fatal(err)
	}
	k.services = append(k.services, svc)
	k.t.Cleanup(func() {
		if err := svc.Close(context.Background()); err != nil {
			k.t.Error(err)
		}
	})
	return svc
}

// clock is the sink of a service on a host whose clock is off.
type clock struct {
	record.Sink
	by atomic.Int64 // nanoseconds
}

func (c *clock) offset() time.Duration { return time.Duration(c.by.Load()) }

func (c *clock) Notify(ctx context.Context, events []record.Event) error {
	moved := slices.Clone(events) // a batch that fails is given again
	for i := range moved {
		moved[i].Change(func(f *record.Fields) { f.Time += c.by.Load() })
	}
	return c.Sink.Notify(ctx, moved)
}

// web serves a handler as a service and returns its URL.
func (k *kit) web(svc *profiler.Service, h http.Handler) string {
	k.t.Helper()
	server := &http.Server{Handler: sondehttp.Handler(svc, h), ReadHeaderTimeout: time.Minute}
	listener := k.listen()
	go func() { _ = server.Serve(listener) }()
	k.t.Cleanup(func() { _ = server.Shutdown(context.Background()) })
	return "http://" + listener.Addr().String()
}

// grpc serves what register adds to a server, and returns a client's connection.
func (k *kit) grpc(svc *profiler.Service, register func(*grpc.Server)) *grpc.ClientConn {
	k.t.Helper()
	server := grpc.NewServer(grpc.UnaryInterceptor(sondegrpc.UnaryServerInterceptor(svc)))
	register(server)
	listener := k.listen()
	go func() { _ = server.Serve(listener) }()
	k.t.Cleanup(server.GracefulStop)
	conn, err := grpc.NewClient("passthrough:///"+listener.Addr().String(),
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithUnaryInterceptor(sondegrpc.UnaryClientInterceptor()))
	if err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func (k *kit) listen() net.Listener {
	k.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		k.t.Fatal(err)
	}
	return listener
}

// ask sends a signed request, whose trace has this id, and wants a status.
func (k *kit) ask(ctx context.Context, id header.ID, url string, want int) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	k.keys.Primary().Sign(header.Info{BaseID: id}).Write(r.Header)
	res, err := k.http.Do(r) // its context carries no trace
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != want {
		err = fmt.Errorf("%s answers %s, want %d: %s", url, res.Status, want, body)
	}
	return err
}

// get makes a traced call and returns the answer.
func (k *kit) get(ctx context.Context, method, url, body string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	res, err := k.http.Do(r)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode >= 400 {
		err = fmt.Errorf("%s %s: %s: %s", method, url, res.Status, answer)
	}
	return string(answer), err
}

// quote is the hop to Python. It returns how long the work there took.
func (k *kit) quote(ctx context.Context, sleep time.Duration) (time.Duration, error) {
	url := k.quotes.url + "/quote"
	if sleep > 0 {
		url += fmt.Sprintf("?sleep=%f", sleep.Seconds())
	}
	answer, err := k.get(ctx, http.MethodGet, url, "")
	if err != nil {
		return 0, err
	}
	took, err := strconv.ParseFloat(answer, 64)
	return time.Duration(took * float64(time.Second)), err
}

// report reads a trace back, after all that was recorded is stored. Under -keep
// it writes the records down too.
func (k *kit) report(id header.ID) *report.Report {
	k.t.Helper()
	for _, svc := range k.services {
		if err := svc.Flush(k.t.Context()); err != nil {
			k.t.Fatal(err)
		}
	}
	r, err := report.Build(k.store.Records(k.t.Context(), id.String()))
	if err != nil {
		k.t.Fatal(err)
	}
	if *keep != "" {
		k.write(id.String())
	}
	return r
}

// finished is report once every point has ended: the answer may be there before.
func (k *kit) finished(id header.ID) (r *report.Report) {
	k.t.Helper()
	watchdog.Until(k.t, "the end of every point", func() bool {
		r = k.report(id)
		return r.Unfinished() == 0
	})
	return r
}

func (k *kit) write(trace string) {
	var lines []byte
	for rec, err := range k.store.Records(k.t.Context(), trace) {
		if err != nil {
			k.t.Fatal(err)
		}
		lines = append(append(lines, rec.Payload...), '\n')
	}
	if err := os.MkdirAll(*keep, 0o755); err != nil {
		k.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*keep, trace+".ndjson"), lines, 0o644); err != nil {
		k.t.Fatal(err)
	}
}

// python is a process of the Python service.
type python struct {
	t   *testing.T
	url string
	pid int
}

func startPython(t *testing.T, store string, off time.Duration) *python {
	t.Helper()
	url, process := servertest.Python(t, "redis").Serve(pythonService, store, secret, strconv.FormatInt(off.Microseconds(), 10))
	return &python{t, url, process.Pid}
}

// freeze stops the process where it is, until thaw.
func (p *python) freeze() { p.signal(syscall.SIGSTOP) }
func (p *python) thaw()   { p.signal(syscall.SIGCONT) }

func (p *python) signal(s syscall.Signal) {
	p.t.Helper()
	if err := syscall.Kill(p.pid, s); err != nil {
		p.t.Fatal(err)
	}
}
