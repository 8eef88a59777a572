package agent

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/drivers/drivertest/faults"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/race"
	"github.com/sonde-go/sonde/record"
)

func fields() record.Fields {
	return record.Fields{
		Trace: header.NewID(), Point: header.NewID(), Parent: header.NewID(), Name: "db", Time: time.Now().UnixNano(),
		Project: "shop", Service: "cart", Host: "node-1", Info: []byte(`{"host":"node-1"}`),
	}
}

var lacks = []drivers.Op{drivers.Read, drivers.ReadAll, drivers.List, drivers.ListErrors, drivers.Delete, drivers.Prune}

func TestConformance(t *testing.T) {
	drivertest.Run(t, drivertest.Harness{
		Driver: "agent", Server: "a stand-in for the agent", Lacks: lacks, TLS: true,
		New: func(t *testing.T) func() *drivers.Store {
			_, url := atSocket(t)
			return func() *drivers.Store {
				d, err := drivers.Open(t.Context(), url, drivers.Options{FilterErrorTrace: true})
				if err != nil {
					t.Fatal(err)
				}
				return d
			}
		},
	})
}

func TestFaults(t *testing.T) {
	faults.Run(t, faults.Harness{New: func(t *testing.T) *faults.Server {
		f := &fake{token: faults.Secret}
		l := listen(t, "tcp", "127.0.0.1:0")
		f.serve(t, l)
		p := faults.NewProxy(t, l.Addr().String())
		urlAt := func(token, addr string) string { return "agent://" + addr + "?token=" + token }
		return &faults.Server{
			Addr: p.Addr, Name: "the agent at " + p.Addr,
			URL:  func(addr string) string { return urlAt(faults.Secret, addr) },
			Stop: p.Stop, Start: p.Start, Kill: p.Stop, Freeze: p.Freeze, Thaw: p.Thaw,
			Wrong: func(*testing.T) string { return urlAt("x"+faults.Secret, p.Addr) },
			Fill: func(*testing.T) (free func()) {
				f.answer(func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
					if r.Method == http.MethodPost {
						w.Header().Set("Retry-After", "1")
						w.WriteHeader(http.StatusTooManyRequests)
					}
					return r.Method == http.MethodPost
				})
				return func() { f.answer(nil) }
			},
			Stored: func(*testing.T) int { return f.stored() },
		}
	}})
}

// TestPosts: a request has the records that are numbered without a gap by one producer,
// as they are stored and with their numbers.
func TestPosts(t *testing.T) {
	f, url := atSocket(t)
	d := openURL(t, url)
	events := slices.Concat(numbered(3, 7, 5), numbered(2, 7, 9), numbered(2, 8, 11), numbered(1, 8, 13))
	copied := fields()
	copied.Number = record.Number{From: 9, N: 4}
	events = append(events, record.New(copied), record.New(fields()))
	if err := d.Notify(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	want := []struct {
		producer, first string
		lines           int
	}{{"0000000000000007", "5", 3}, {"0000000000000007", "9", 2}, {"0000000000000008", "11", 3}, {"", "", 2}}
	posts, i := f.taken(), 0
	if len(posts) != len(want) {
		t.Fatalf("%d posts: %+v", len(posts), posts)
	}
	for n, p := range posts {
		if p.producer != want[n].producer || p.first != want[n].first || len(p.lines) != want[n].lines {
			t.Errorf("post %d is from %s, %s, with %d lines, want %+v", n, p.producer, p.first, len(p.lines), want[n])
		}
		for _, line := range p.lines {
			if line != string(events[i].AppendNumbered(nil)) {
				t.Errorf("line %s\nwant %s", line, events[i].AppendNumbered(nil))
			}
			i++
		}
	}
}

// TestLargeBatch: a batch goes in several requests, each of a size that an agent takes.
func TestLargeBatch(t *testing.T) {
	f, url := atSocket(t)
	d := openURL(t, url)
	events := numbered(maxLines+10, 7, 1)
	for i := range 12 {
		events[i].Change(func(f *record.Fields) {
			f.Info = fmt.Appendf(nil, `{"x":%q,"host":"h"}`, strings.Repeat("x", 1<<20))
		})
	}
	if err := d.Notify(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	next, posts := 1, f.taken()
	for _, p := range posts {
		if first, _ := strconv.Atoi(p.first); first != next || len(p.lines) > maxLines || len(strings.Join(p.lines, "\n")) >= maxBody {
			t.Errorf("%d lines of %d bytes from %s, want from %d", len(p.lines), len(strings.Join(p.lines, "\n")), p.first, next)
		}
		next += len(p.lines)
	}
	if next != len(events)+1 || len(posts) < 5 {
		t.Errorf("%d records in %d posts", next-1, len(posts))
	}
}

// answers makes an agent answer posts with a status and a body.
func answers(status int, body string) func(http.ResponseWriter, *http.Request, []byte) bool {
	return func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
		return true
	}
}

// TestVerdicts: what each answer says of a batch of three.
func TestVerdicts(t *testing.T) {
	for name, tt := range map[string]struct {
		status   int
		body     string
		rejected []int
		notSent  bool
		want     string // in the error; "" for none
	}{
		"taken":                    {status: 200, body: `{"accepted":3}`},
		"one rejected":             {status: 200, body: `{"accepted":2,"rejected":[{"line":2,"error":"no name"}]}`, rejected: []int{1}, want: "no name"},
		"all rejected":             {status: 400, body: `{"accepted":0,"rejected":[{"line":1,"error":"bad\nid"},{"line":2,"error":"x"},{"line":3,"error":"x"}]}`, rejected: []int{0, 1, 2}, want: "bad id"},
		"some not listed":          {status: 200, body: `{"accepted":0,"rejected":[{"line":3,"error":"x"}],"more_rejected":2}`, rejected: []int{2}, want: "x"},
		"taken too few":            {status: 200, body: `{"accepted":2}`, want: "200"},
		"a line that is not there": {status: 200, body: `{"accepted":2,"rejected":[{"line":4,"error":"x"}]}`, want: "200"},
		"a line twice":             {status: 200, body: `{"accepted":1,"rejected":[{"line":2,"error":"x"},{"line":2,"error":"x"}]}`, want: "200"},
		"something else":           {status: 200, body: `<html>hello`, want: "200"},
		"a wrong header":           {status: 400, body: `{"accepted":0,"error":"Sonde-First is a number"}`, want: "Sonde-First"},
		"token":                    {status: 401, body: `{}`, notSent: true, want: "token="},
		"too large, each":          {status: 413, body: `{}`, rejected: []int{0, 1, 2}, want: "larger"},
		"full":                     {status: 429, body: `{"error":"the spool is full"}`, want: "the spool is full"},
		"stopping":                 {status: 503, body: `{"error":"the agent stops"}`, want: "stops"},
		"no agent":                 {status: 404, body: `no`, want: "404"},
		"a redirect":               {status: 302, body: ``, want: "302"},
		"an answer without an end": {status: 200, body: `{"accepted":3`, want: "200"},
		"another kind of number":   {status: 200, body: `{"accepted":-1}`, want: "200"},
	} {
		t.Run(name, func(t *testing.T) {
			f, url := atSocket(t)
			f.answer(answers(tt.status, tt.body))
			d := openURL(t, url)
			err := d.Notify(t.Context(), numbered(3, 7, 1))
			var rejected *record.RejectedError
			errors.As(err, &rejected)
			switch {
			case (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want):
				t.Errorf("%v, want %q", err, tt.want)
			case errors.Is(err, record.ErrNotSent) != tt.notSent:
				t.Errorf("not sent: %v", !tt.notSent)
			case (rejected == nil) != (tt.rejected == nil) || rejected != nil && !slices.Equal(rejected.Indexes, tt.rejected):
				t.Errorf("rejected: %+v, want %v", rejected, tt.rejected)
			case err != nil && strings.ContainsAny(err.Error(), "\n"):
				t.Errorf("%q is not one line", err)
			}
		})
	}
}

// TestRepeats: what has been taken of a batch is not sent again for the sake of what
// has not, or else under the same numbers.
func TestRepeats(t *testing.T) {
	f, url := atSocket(t)
	d := openURL(t, url)
	events := numbered(5, 7, 1)
	f.answer(func(w http.ResponseWriter, r *http.Request, body []byte) bool {
		f.answer(nil)
		f.take(r, body)
		return answers(200, `{"accepted":4,"rejected":[{"line":2,"error":"x"}]}`)(w, r, nil)
	})
	if err := d.Notify(t.Context(), events); err == nil {
		t.Fatal("nothing was rejected")
	}
	f.taken()
	if err := d.Notify(t.Context(), slices.Delete(events, 1, 2)); err != nil {
		t.Fatal(err)
	}
	if posts := f.taken(); len(posts) != 0 {
		t.Errorf("sent again: %+v", posts)
	}
	gap := slices.Concat(numbered(2, 7, 10), numbered(2, 7, 20))
	calls := 0
	f.answer(func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
		if calls++; calls == 2 {
			f.answer(nil)
			return answers(503, `{}`)(w, r, nil)
		}
		return false
	})
	if err := d.Notify(t.Context(), gap); err == nil || errors.Is(err, record.ErrNotSent) {
		t.Fatalf("%v", err)
	}
	if err := d.Notify(t.Context(), gap); err != nil {
		t.Fatal(err)
	}
	if posts := f.taken(); len(posts) != 2 || posts[0].first != "10" || posts[1].first != "20" {
		t.Errorf("posts: %+v", posts)
	}
}

// TestLostAnswer: the agent has taken the batch, and dies before it says so.
func TestLostAnswer(t *testing.T) {
	f, url := atSocket(t)
	d := openURL(t, url)
	events := numbered(5, 7, 1)
	f.answer(func(w http.ResponseWriter, r *http.Request, body []byte) bool {
		f.answer(nil)
		f.take(r, body)
		panic(http.ErrAbortHandler)
	})
	if err := d.Notify(t.Context(), events); err == nil || errors.Is(err, record.ErrNotSent) {
		t.Fatalf("%v, want that it is not known", err)
	}
	if err := d.Notify(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	if posts := f.taken(); len(posts) != 2 || posts[0].first != posts[1].first || f.stored() != 5 {
		t.Errorf("posts: %+v, stored %d", posts, f.stored())
	}
}

// TestRetryAfter: until then the agent is not asked again, but never for long.
func TestRetryAfter(t *testing.T) {
	f, url := atSocket(t)
	d := openURL(t, url)
	calls := 0
	f.answer(func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
		calls++
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusTooManyRequests)
		return true
	})
	first := d.Notify(t.Context(), numbered(1, 7, 1))
	second := d.Notify(t.Context(), numbered(1, 7, 1))
	if first == nil || second == nil || errors.Is(first, record.ErrNotSent) || !errors.Is(second, record.ErrNotSent) || calls != 1 {
		t.Errorf("%v, %v, %d calls", first, second, calls)
	}
	s := d.Driver().(*store)
	if left := time.Until(s.until); left > longestWait {
		t.Errorf("it waits for %v", left)
	}
	s.mu.Lock()
	s.until = time.Now()
	s.mu.Unlock()
	f.answer(nil)
	if err := d.Notify(t.Context(), numbered(1, 7, 1)); err != nil {
		t.Error(err)
	}
}

func TestNobodyAnswers(t *testing.T) {
	d := openURL(t, "agent://"+socket(t))
	for what, err := range map[string]error{"Notify": d.Notify(t.Context(), numbered(1, 7, 1)), "Ping": d.Ping(t.Context())} {
		if !errors.Is(err, record.ErrNotSent) || !strings.Contains(err.Error(), "sonde agent --help") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestMayNotOpen: a socket of others is no agent that is away.
func TestMayNotOpen(t *testing.T) {
	d := openURL(t, "agent://"+socket(t)).Driver().(*store)
	err := d.explain(&net.OpError{Op: "dial", Net: "unix", Err: os.NewSyscallError("connect", syscall.EACCES)})
	if !errors.Is(err, record.ErrNotSent) || !strings.Contains(err.Error(), "--socket-group") || strings.Contains(err.Error(), "running") {
		t.Error(err)
	}
}

// TestTLS: the agent's certificate has to be one of the authority that the URL names.
func TestTLS(t *testing.T) {
	f := &fake{token: faults.Secret}
	server := httptest.NewUnstartedServer(f)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	server.StartTLS()
	defer server.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	block := &pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}
	if err := os.WriteFile(ca, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	addr := "agent://" + server.Listener.Addr().String() + "?token=" + faults.Secret
	if err := openURL(t, addr+"&tls_ca="+url.QueryEscape(ca)).Notify(t.Context(), numbered(2, 7, 1)); err != nil || f.stored() != 2 {
		t.Errorf("%d are stored: %v", f.stored(), err)
	}
	for _, u := range []string{addr + "&tls=true", addr} {
		if err := openURL(t, u).Notify(t.Context(), numbered(2, 7, 3)); err == nil || f.stored() != 2 {
			t.Errorf("%s: %d are stored: %v", u, f.stored(), err)
		}
	}
}

func TestURLs(t *testing.T) {
	for url, want := range map[string]string{
		"agent://":                                 "",
		"agent:///":                                "",
		"agent:///srv/a%20b.sock":                  "",
		"agent://127.0.0.1:8127?token=hunter2":     "",
		"agent://host?tls=true&token=hunter2":      "",
		"agent://host/path":                        "begins with a slash",
		"agent://user:hunter2@host":                "no users",
		"agent:///a.sock?token=hunter2":            "permissions",
		"agent:///a.sock?tls=true":                 "permissions",
		"agent://host?start=true&store=sqlite":     "at a socket",
		"agent:///a.sock?start=true":               "store=URL",
		"agent:///a.sock?store=redis":              "belong to start=true",
		"agent:///a%zz.sock":                       "hexadecimal",
		"agent:///a.sock?other=1":                  "unknown option",
		"agent:///a.sock?start=perhaps&store=none": "start",
	} {
		d, err := drivers.Open(context.Background(), url, drivers.Options{})
		if err == nil {
			_ = d.Close()
		}
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%s: %v, want %q", url, err, want)
		}
	}
	d := openURL(t, "agent://")
	if addr := d.Driver().(*store).limit.Store; !strings.HasSuffix(addr, DefaultSocket) {
		t.Errorf("agent:// is %s", addr)
	}
}

// TestAllocFill: making a request's body of records takes no memory once there is a
// buffer.
func TestAllocFill(t *testing.T) {
	events := numbered(512, 7, 1)
	n := notify{store: &store{}}
	n.fill(events, 0)
	if allocs := race.Allocs(20, func() {
		if lines := n.fill(events, 0); lines != len(events) {
			t.Errorf("%d lines", lines)
		}
	}); allocs > 0 {
		t.Errorf("%v allocations", allocs)
	}
}
