package agent

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/goleak"

	"github.com/sonde-go/sonde/internal/servertest/natstest"
	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/relay/internal/spool"
)

func TestMain(m *testing.M) {
	asAgent()
	asSenders()
	goleak.VerifyTestMain(m)
}

// running is an agent that runs until the test ends.
type running struct {
	*Agent
	t      *testing.T
	client *http.Client
	stop   func() error // once
}

// socket is a path for a socket, which may not be long.
func socket(t testing.TB) string { return filepath.Join(t.TempDir(), "a.sock") }

func start(t *testing.T, c Config) *running {
	t.Helper()
	if len(c.Listen)+len(c.Listeners) == 0 {
		c.Listen = []string{"unix://" + socket(t)}
	}
	if c.DataDir == "" && c.JetStream == "" {
		c.DataDir = t.TempDir()
	}
	if c.StopTimeout == 0 {
		c.StopTimeout = time.Second
	}
	c.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	drain := noDrain
	if len(c.Stores) > 0 {
		drain = newDrain
	}
	a, err := newAgent(t.Context(), c, drain)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	transport := &http.Transport{}
	for _, d := range a.doors {
		if !d.tcp {
			path := strings.TrimPrefix(d.address, "unix://")
			transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "unix", path)
			}
		}
	}
	r := &running{Agent: a, t: t, client: &http.Client{Transport: transport}}
	r.stop = sync.OnceValue(func() error {
		cancel()
		transport.CloseIdleConnections()
		return watchdog.Await(t, "the end of the agent", done)
	})
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// line is the nth record of a trace.
func line(trace string, n int) string {
	return fmt.Sprintf(`{"name":"db-start","base_id":"%s","trace_id":"11111111-0000-4000-8000-%012d","parent_id":"%s","timestamp":"2026-01-02T03:04:05.000006","info":{"db":{"statement":"SELECT name, price FROM items WHERE shop = $1 ORDER BY price","params":null},"host":"host-a"},"project":"shop","service":"cart","sonde":{"from":"9f3c5a0e12ab34cd","n":%d}}`, trace, n, trace, n+1)
}

func traceID(n int) string { return fmt.Sprintf("4f1c0f3e-3c1a-4a55-9d0e-%012x", n) }

// lines are n records of some traces in turn.
func lines(n, traces, from int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(line(traceID(i%traces), from+i))
		b.WriteByte('\n')
	}
	return b.String()
}

// post sends a body and returns the status and the answer.
func (r *running) post(body io.Reader, header ...string) (int, answer, http.Header) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), "POST", "http://agent/v1/events", body)
	if err != nil {
		r.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := r.client.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	var a answer
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, a, resp.Header
}

func (r *running) get(path string) (int, string) {
	r.t.Helper()
	resp, err := r.client.Get("http://agent" + path)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// spooled is what is in a spool, by trace, read without taking it out.
func spooled(t testing.TB, s *spool.Spool) map[string][]string {
	t.Helper()
	st, err := s.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	stream, err := s.JetStream().Stream(t.Context(), spool.StreamName)
	if err != nil {
		t.Fatal(err)
	}
	for seq := uint64(1); seq <= st.Messages; seq++ {
		m, err := stream.GetMsg(t.Context(), seq)
		if err != nil {
			t.Fatal(err)
		}
		b, err := spool.Decode(m.Subject, m.Header, m.Data)
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Split(strings.TrimSuffix(string(b.Text), "\n"), "\n")
		if len(got) != b.Records {
			t.Errorf("a message says %d records and has %d", b.Records, len(got))
		}
		found[b.Trace] = append(found[b.Trace], got...)
	}
	return found
}

func gzipped(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, text)
	w.Close()
	return b.Bytes()
}

func zstded(text string) []byte {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		panic(err)
	}
	defer w.Close()
	return w.EncodeAll([]byte(text), nil)
}

// zstdStream is compressed without the size of the whole.
func zstdStream(text string) []byte {
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b)
	if err != nil {
		panic(err)
	}
	io.WriteString(w, text)
	w.Close()
	return b.Bytes()
}

func TestPosts(t *testing.T) {
	good := lines(3, 1, 0)
	huge := strings.Replace(line(traceID(1), 1), "SELECT", strings.Repeat("x", spool.MaxRecordBytes), 1)
	large := strings.Replace(line(traceID(1), 1), "SELECT", strings.Repeat("x", 900_000), 1) + "\n"
	id128 := "a" + strings.Repeat("b", 127)
	python := `{"name": "db-stop", "base_id": "x", "trace_id": "y", "parent_id": "x", "timestamp": "2026-01-02T03:04:05.000000", "project": null, "service": "s", "info": {"host": "h"}}`
	for _, c := range []struct {
		name     string
		body     []byte
		header   []string
		status   int
		accepted int
		rejected []int  // lines
		says     string // in the error, or that of the first rejected line
	}{
		{name: "plain", body: []byte(good), status: 200, accepted: 3},
		{name: "no newline at the end", body: []byte(strings.TrimSuffix(good, "\n")), status: 200, accepted: 3},
		{name: "Windows", body: []byte(strings.ReplaceAll(good, "\n", "\r\n")), status: 200, accepted: 3},
		{name: "blank lines", body: []byte("\n \n" + good + "\r\n\t\n"), status: 200, accepted: 3},
		{name: "nothing", body: nil, status: 200},
		{name: "Python's", body: []byte(python), status: 200, accepted: 1},
		{name: "gzip", body: gzipped(good), header: []string{"Content-Encoding", "gzip"}, status: 200, accepted: 3},
		{name: "zstd", body: zstded(good), header: []string{"Content-Encoding", "zstd"}, status: 200, accepted: 3},
		{name: "gzip in capitals", body: gzipped(good), header: []string{"Content-Encoding", "GZIP"}, status: 200, accepted: 3},
		{name: "gzip's old name", body: gzipped(good), header: []string{"Content-Encoding", "x-gzip"}, status: 200, accepted: 3},
		{name: "gzip, two members", body: append(gzipped(good), gzipped(good)...), header: []string{"Content-Encoding", "gzip"}, status: 200, accepted: 6},
		{name: "zstd stream", body: zstdStream(lines(5000, 7, 0)), header: []string{"Content-Encoding", "zstd"}, status: 200, accepted: 5000},
		{name: "numbered", body: []byte(good), header: []string{"Sonde-Producer", "9f3c5a0e12ab34cd", "Sonde-First", "1"}, status: 200, accepted: 3},
		{name: "a long id", body: []byte(strings.Replace(good, traceID(0), id128, 1)), status: 200, accepted: 3},
		{name: "large records", body: []byte(strings.Repeat(large, 8)), status: 200, accepted: 8},

		{name: "some are bad", body: []byte("\n[]\n" + good + "{\"name\"\n" + good), status: 200, accepted: 6, rejected: []int{2, 6}, says: "it"},
		{name: "all are bad", body: []byte("{}\nnull\n"), status: 400, rejected: []int{1, 2}, says: "none of the lines"},
		{name: "a huge record", body: []byte(good + huge), status: 200, accepted: 3, rejected: []int{4}, says: "are allowed"},
		{name: "weird ids", body: []byte(strings.Replace(line("x y", 1), "x y", `\u0000`, 1) + "\n" + line("a b", 1) + "\n" + line("-a", 1) + "\n" + line("ü", 1) + "\n" + line(id128+"c", 1) + "\n" + line("", 1)), status: 400, rejected: []int{1, 2, 3, 4, 5, 6}, says: "none"},
		{name: "not UTF-8", body: []byte("\xff\xfe{}\n"), status: 400, rejected: []int{1}, says: "none"},

		{name: "a bomb, gzip", body: gzipped(strings.Repeat(" ", 8<<20)), header: []string{"Content-Encoding", "gzip"}, status: 413, says: "100 times"},
		{name: "a bomb, zstd", body: zstded(strings.Repeat(" ", 8<<20)), header: []string{"Content-Encoding", "zstd"}, status: 413, says: "100 times"},
		{name: "a bomb, zstd stream", body: zstdStream(strings.Repeat(" ", 64<<20)), header: []string{"Content-Encoding", "zstd"}, status: 413, says: "100 times"},
		{name: "too much, gzip", body: gzipped(lines(30_000, 9000, 0)), header: []string{"Content-Encoding", "gzip"}, status: 413, says: "bytes"},
		{name: "too much", body: make([]byte, maxBody+1), status: 413, says: "bytes"},
		{name: "too many lines", body: []byte(strings.Repeat("{}\n", maxLines+1)), status: 413, says: "lines"},
		{name: "another encoding", body: []byte(good), header: []string{"Content-Encoding", "br"}, status: 415, says: "gzip and zstd"},
		{name: "one encoding in another", body: zstded(string(gzipped(good))), header: []string{"Content-Encoding", "gzip, zstd"}, status: 415, says: "gzip and zstd"},
		{name: "not gzip", body: []byte(good), header: []string{"Content-Encoding", "gzip"}, status: 400, says: "not compressed"},
		{name: "not zstd", body: []byte(good), header: []string{"Content-Encoding", "zstd"}, status: 400, says: "not compressed"},
		{name: "cut off, gzip", body: gzipped(good)[:60], header: []string{"Content-Encoding", "gzip"}, status: 400, says: "cut off"},
		{name: "cut off, zstd", body: zstded(good)[:60], header: []string{"Content-Encoding", "zstd"}, status: 400, says: "cut off"},
		{name: "no first", body: []byte(good), header: []string{"Sonde-Producer", "9f3c5a0e12ab34cd"}, status: 400, says: "Sonde-First"},
		{name: "first is 0", body: []byte(good), header: []string{"Sonde-Producer", "9f3c5a0e12ab34cd", "Sonde-First", "0"}, status: 400, says: "Sonde-First"},
		{name: "a short producer", body: []byte(good), header: []string{"Sonde-Producer", "9f3c", "Sonde-First", "1"}, status: 400, says: "Sonde-First"},
		{name: "a page", body: []byte(good), header: []string{"Origin", "https://example.com"}, status: 403, says: "browser"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := start(t, Config{Sync: time.Second})
			status, a, _ := r.post(bytes.NewReader(c.body), c.header...)
			if status != c.status || a.Accepted != c.accepted {
				t.Errorf("%d %+v, want %d and %d accepted", status, a, c.status, c.accepted)
			}
			var at []int
			said := a.Error
			for _, l := range a.Rejected {
				at = append(at, l.Line)
				said += l.Error
			}
			if fmt.Sprint(at) != fmt.Sprint(c.rejected) || !strings.Contains(said, c.says) {
				t.Errorf("rejected %v, %q; want %v, %q", at, said, c.rejected, c.says)
			}
			n := 0
			for _, of := range spooled(t, r.spool) {
				n += len(of)
			}
			if n != c.accepted {
				t.Errorf("%d records are in the spool, want %d", n, c.accepted)
			}
			if used := r.budget.used.Load(); used != 0 {
				t.Errorf("%d bytes of the budget were not given back", used)
			}
			st := r.Status(t.Context())
			if st.Received != st.Spooled+st.Repeated+st.Rejected+st.Full+st.Failed || st.Spooled != uint64(c.accepted) || st.Rejected != uint64(len(c.rejected)) {
				t.Errorf("%+v", st)
			}
		})
	}
}

// TestVerbatim: what is in the spool is what was sent, in its order.
func TestVerbatim(t *testing.T) {
	r := start(t, Config{})
	body := lines(3000, 5, 0) + lines(1200, 1, 3000)
	if status, a, _ := r.post(strings.NewReader(body)); status != 200 || a.Accepted != 4200 {
		t.Fatal(status, a)
	}
	want := map[string][]string{}
	for i := range 3000 {
		want[traceID(i%5)] = append(want[traceID(i%5)], line(traceID(i%5), i))
	}
	for i := range 1200 {
		want[traceID(0)] = append(want[traceID(0)], line(traceID(0), 3000+i))
	}
	found := spooled(t, r.spool)
	for trace, text := range want {
		if strings.Join(found[trace], "\n") != strings.Join(text, "\n") {
			t.Errorf("%s: %d lines, want %d", trace, len(found[trace]), len(text))
		}
	}
}

// TestRepeats: a post that is sent again is answered and not stored again; a longer one
// that begins with the same record is stored.
func TestRepeats(t *testing.T) {
	r := start(t, Config{})
	for i, n := range []int{20, 20, 30} {
		status, a, _ := r.post(strings.NewReader(lines(n, 4, 0)), "Sonde-Producer", "9F3C5a0e12ab34cd", "Sonde-First", "7")
		if status != 200 || a.Accepted != n {
			t.Fatalf("%d: %d %+v", i, status, a)
		}
	}
	for range 2 { // without numbers nobody knows
		if status, _, _ := r.post(strings.NewReader(lines(1, 1, 0))); status != 200 {
			t.Fatal(status)
		}
	}
	if s := r.Status(t.Context()); s.Spooled != 52 || s.Repeated != 20 || s.Spool.Messages != 10 {
		t.Errorf("%+v", s)
	}
}

func TestFull(t *testing.T) {
	r := start(t, Config{MaxBytes: 1 << 20})
	var kept, refused uint64
	for i := range 40 {
		status, a, h := r.post(strings.NewReader(lines(150, 3, i*150)))
		switch status {
		case 200:
			kept += 150
		case 429:
			refused++
			if h.Get("Retry-After") != "5" || !strings.Contains(a.Error, "full") {
				t.Errorf("%v %+v", h, a)
			}
		default:
			t.Fatal(status, a)
		}
	}
	s := r.Status(t.Context())
	if kept == 0 || refused == 0 || s.Spooled < kept || s.Received != s.Spooled+s.Full || s.RefusedPosts["full"] != refused {
		t.Errorf("kept %d, refused %d: %+v", kept, refused, s)
	}
}

// TestSlow: a body that does not come ends, and holds up no other.
func TestSlow(t *testing.T) {
	r := start(t, Config{BodyTimeout: 300 * time.Millisecond, Sync: time.Second})
	in, out := io.Pipe()
	go io.WriteString(out, line(traceID(1), 1)[:100]) // and nothing more
	defer out.Close()
	status, a, _ := r.post(in)
	if status != 408 || a.Error == "" {
		t.Errorf("%d %+v", status, a)
	}
	if status, _, _ := r.post(strings.NewReader(lines(1, 1, 0))); status != 200 {
		t.Error(status)
	}
}

// TestSlowCompressed: who sends a compressed body slowly holds up no other compressed one.
func TestSlowCompressed(t *testing.T) {
	r := start(t, Config{BodyTimeout: time.Minute, Sync: time.Second})
	var senders sync.WaitGroup
	defer senders.Wait()
	for range 2 * cap(r.decoders.room) {
		in, out := io.Pipe()
		req, _ := http.NewRequestWithContext(t.Context(), "POST", "http://agent/v1/events", in)
		req.Header.Set("Content-Encoding", "gzip")
		senders.Go(func() {
			if resp, err := r.client.Do(req); err == nil {
				resp.Body.Close()
			}
		})
		if _, err := out.Write(gzipped("x")[:5]); err != nil { // and nothing more
			t.Fatal(err)
		}
		defer out.CloseWithError(io.ErrUnexpectedEOF)
	}
	watchdog.Until(t, "those who send slowly", func() bool { return r.budget.used.Load() > 0 })
	answered := make(chan int, 1)
	go func() {
		status, _, _ := r.post(bytes.NewReader(gzipped(lines(1, 1, 0))), "Content-Encoding", "gzip")
		answered <- status
	}()
	if status := watchdog.Await(t, "the answer", answered); status != 200 {
		t.Error(status)
	}
}

// TestNobodyReads: who sends posts and does not read the answers keeps none of the memory
// for posts.
func TestNobodyReads(t *testing.T) {
	r := start(t, Config{Sync: time.Second})
	conn, err := net.Dial("unix", strings.TrimPrefix(r.doors[0].address, "unix://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	text := strings.Repeat(line("not an id", 1)+"\n", mostTold) // long answers
	post := fmt.Sprintf("POST /v1/events HTTP/1.1\r\nHost: agent\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
	sent := make(chan struct{})
	go func() { // until nothing goes any more
		defer close(sent)
		for {
			if _, err := io.WriteString(conn, post); err != nil {
				return
			}
		}
	}()
	var before uint64
	watchdog.Until(t, "an agent that nobody reads", func() bool {
		received := r.counts.received.Load()
		stands := received > 0 && received == before
		before = received
		time.Sleep(100 * time.Millisecond)
		return stands
	})
	watchdog.Until(t, "the memory of who does not read", func() bool { return r.budget.used.Load() == 0 })
	conn.Close()
	watchdog.Await(t, "the end of the sender", sent)
}

// TestOtherRequests: they are answered in JSON too.
func TestOtherRequests(t *testing.T) {
	r := start(t, Config{Sync: time.Second})
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/v1/events", 405}, {"PUT", "/v1/events", 405}, {"POST", "/metrics", 405}, {"DELETE", "/healthz", 405},
		{"POST", "/v1/event", 404}, {"GET", "/", 404}, {"HEAD", "/healthz", 200}, {"GET", "/healthz", 200},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, "http://agent"+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := r.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		allow := resp.Header.Get("Allow")
		if resp.StatusCode != c.status || resp.Header.Get("Content-Type") != "application/json" || (allow != "") != (c.status == 405) {
			t.Errorf("%s %s: %s, %q, Allow: %s", c.method, c.path, resp.Status, resp.Header.Get("Content-Type"), allow)
		}
	}
}

// TestBusy: posts under way are bounded by their bytes, whether their senders are fast or
// not.
func TestBusy(t *testing.T) {
	r := start(t, Config{MaxMemory: maxBody, Sync: time.Second})
	var senders sync.WaitGroup
	var pipes []*io.PipeWriter
	text := lines(8000, 9, 0)[:1<<20]
	sent := make(chan struct{}, 20)
	for range 20 {
		in, out := io.Pipe()
		pipes = append(pipes, out)
		senders.Go(func() {
			req, _ := http.NewRequestWithContext(t.Context(), "POST", "http://agent/v1/events", in)
			if resp, err := r.client.Do(req); err == nil {
				resp.Body.Close()
			}
		})
		go func() {
			io.WriteString(out, text)
			sent <- struct{}{}
		}()
	}
	for range pipes {
		watchdog.Await(t, "what is sent or refused", sent)
	}
	if used := r.budget.used.Load(); used > maxBody {
		t.Errorf("%d bytes are under way", used)
	}
	for _, p := range pipes {
		p.CloseWithError(io.ErrUnexpectedEOF)
	}
	senders.Wait()
	if n := r.counts.refusals()["busy"]; n == 0 {
		t.Errorf("nobody was refused: %v", r.counts.refusals())
	}
	watchdog.Until(t, "the memory", func() bool { return r.budget.used.Load() == 0 })
	if status, _, _ := r.post(strings.NewReader(lines(1, 1, 0))); status != 200 {
		t.Error(status)
	}
}

// TestTogether: many senders at once, each of whom finds what it sent after a restart.
func TestTogether(t *testing.T) {
	dir := t.TempDir()
	r := start(t, Config{DataDir: dir})
	var senders sync.WaitGroup
	const many, each = 16, 6
	for s := range many {
		senders.Go(func() {
			for i := range each {
				body := lines(64, 3, 1_000_000*s+64*i)
				if status, a, _ := r.post(strings.NewReader(body), "Sonde-Producer", fmt.Sprintf("%016x", s), "Sonde-First", strconv.Itoa(64*i+1)); status != 200 || a.Accepted != 64 {
					t.Errorf("%d %+v", status, a)
				}
			}
		})
	}
	senders.Wait()
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	s, err := spool.Open(t.Context(), spool.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	found := map[string]bool{}
	for _, of := range spooled(t, s) {
		for _, l := range of {
			found[l] = true
		}
	}
	for s := range many {
		for i := range 64 * each {
			if l := line(traceID(i%64%3), 1_000_000*s+i); !found[l] {
				t.Fatalf("record %d of sender %d is not there", i, s)
			}
		}
	}
}

func TestSite(t *testing.T) {
	r := start(t, Config{})
	if status, body := r.get("/healthz"); status != 200 || !strings.Contains(body, "ok") {
		t.Error(status, body)
	}
	if status, body := r.get("/readyz"); status != 200 || !strings.Contains(body, "ready") {
		t.Error(status, body)
	}
	r.post(strings.NewReader(lines(5, 1, 0) + "[]\n"))
	r.post(strings.NewReader(""), "Content-Encoding", "br")
	status, body := r.get("/metrics")
	for _, want := range []string{
		"sonde_agent_records_received_total 6\n", "sonde_agent_records_spooled_total 5\n", "sonde_agent_records_rejected_total 1\n",
		"sonde_agent_posts_refused_total{reason=\"encoding\"} 1\n", "sonde_agent_spool_messages 1\n", "sonde_agent_spool_max_bytes 1.073741824e+09\n", "sonde_agent_spool_lag_seconds ",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q in\n%s", want, body)
		}
	}
	var s Status
	if _, body = r.get("/v1/status"); json.Unmarshal([]byte(body), &s) != nil || status != 200 || s.Spooled != 5 || s.Spool.Sync != "always" || s.Spool.Where != r.config.DataDir || s.Spool.Bytes == 0 {
		t.Error(body)
	}
	if status, _ := r.get("/v1/events"); status != 405 {
		t.Error(status)
	}
	if status, _ := r.get("/"); status != 404 {
		t.Error(status)
	}
}

// gate lets users of a server in, or nobody.
type gate struct{ shut atomic.Bool }

func (g *gate) Check(server.ClientAuthentication) bool { return !g.shut.Load() }

// TestUserGone: an agent whose cluster does not know its user any more ends and says so,
// instead of refusing all posts from then on.
func TestUserGone(t *testing.T) {
	var g gate
	cluster := natstest.Start(t, server.Options{JetStream: true, StoreDir: t.TempDir(), CustomClientAuthentication: &g})
	a, err := newAgent(t.Context(), Config{Listen: []string{"unix://" + socket(t)}, JetStream: cluster.URL, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}.withDefaults(), noDrain)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- a.Run(t.Context()) }()
	g.shut.Store(true)
	cluster.Restart()
	if err := watchdog.Await(t, "the end of the agent", ended); err == nil || !strings.Contains(err.Error(), "Authorization") {
		t.Error(err)
	}
}

// TestStops: a post that is under way when the agent is told to stop is answered.
func TestStops(t *testing.T) {
	r := start(t, Config{StopTimeout: time.Minute, Sync: time.Second})
	in, out := io.Pipe()
	answered := make(chan int, 1)
	go func() {
		req, _ := http.NewRequestWithContext(t.Context(), "POST", "http://agent/v1/events", in)
		resp, err := r.client.Do(req)
		if err != nil {
			answered <- 0
			return
		}
		resp.Body.Close()
		answered <- resp.StatusCode
	}()
	io.WriteString(out, lines(1, 1, 0))
	watchdog.Until(t, "the post", func() bool { return r.budget.used.Load() > 0 })
	ended := make(chan error, 1)
	go func() { ended <- r.stop() }()
	watchdog.Until(t, "the stop", r.stopping.Load)
	out.Close()
	if status := watchdog.Await(t, "the answer", answered); status != 200 {
		t.Error(status)
	}
	if err := watchdog.Await(t, "the end", ended); err != nil {
		t.Error(err)
	}
}

// TestOneAgent: a data folder and a socket belong to one agent.
func TestOneAgent(t *testing.T) {
	path := socket(t)
	r := start(t, Config{Listen: []string{"unix://" + path}})
	for want, c := range map[string]Config{
		"another process has it open": {Listen: []string{"unix://" + socket(t)}, DataDir: r.config.DataDir},
		"another agent listens there": {Listen: []string{"unix://" + path}, DataDir: t.TempDir()},
	} {
		c.JetStream = ""
		if _, err := newAgent(t.Context(), c, noDrain); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if status, _, _ := r.post(strings.NewReader(lines(1, 1, 0))); status != 200 {
		t.Error("the first one has lost its socket")
	}
}

func noDrain(context.Context, *spool.Spool, *Config) (drainer, error) { return nil, nil }
