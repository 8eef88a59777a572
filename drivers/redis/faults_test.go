package redis

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/drivers/internal/frozen"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
)

// fails writes a batch that cannot be stored and checks the error.
func fails(t *testing.T, d drivers.Driver, notSent bool, text string) {
	t.Helper()
	err := d.Notify(t.Context(), drivertest.Trace(3, 0))
	if err == nil || errors.Is(err, record.ErrNotSent) != notSent || !strings.Contains(err.Error(), text) {
		t.Fatalf("Notify: %v, want an error with %q, not sent: %v", err, text, notSent)
	}
	if s := err.Error(); strings.Contains(s, "hunter2") || strings.Contains(s, "\n") {
		t.Errorf("Notify: the error is %q", s)
	}
}

func TestDownAtStart(t *testing.T) {
	s := servertest.Redis(t)
	s.Stop()
	for _, scheme := range []string{"redis", "redissentinel"} {
		fails(t, openURL(t, scheme+"://:hunter2@"+s.Addr, filing), true, "connection refused")
	}
	fails(t, openURL(t, "redis+cluster://:hunter2@"+s.Addr, filing), false, "connection refused")

	d := openURL(t, "redis://"+s.Addr, filing)
	fails(t, d, true, "redis "+s.Addr)
	for _, err := range d.Records(t.Context(), "x") {
		if err == nil || !strings.Contains(err.Error(), "connection refused") {
			t.Errorf("Records: %v", err)
		}
	}
	s.Restart()
	if err := d.Ping(t.Context()); err != nil {
		t.Errorf("Ping after the start: %v", err)
	}
	if err := d.Notify(t.Context(), drivertest.Trace(3, 0)); err != nil {
		t.Errorf("Notify after the start: %v", err)
	}
}

func TestWrongPassword(t *testing.T) {
	s := servertest.Redis(t, "--requirepass", "p@ss/w")
	fails(t, openURL(t, "redis://:hunter2@"+s.Addr, filing), true, "WRONGPASS")
	fails(t, openURL(t, "redis://eve:hunter2@"+s.Addr, filing), true, "WRONGPASS")
	fails(t, openURL(t, "redis://"+s.Addr, filing), true, "NOAUTH")
	if err := openURL(t, "redis://:p%40ss%2Fw@"+s.Addr, filing).Ping(t.Context()); err != nil {
		t.Errorf("the right password: %v", err)
	}
}

func TestReplicaTakesNothing(t *testing.T) {
	s := servertest.Redis(t)
	replica := servertest.Redis(t, "--replicaof", "127.0.0.1 "+strings.TrimPrefix(s.Addr, "127.0.0.1:"))
	fails(t, openURL(t, "redis://"+replica.Addr, filing), true, "READONLY")
}

func TestNoMemory(t *testing.T) {
	s := servertest.Redis(t, "--maxmemory", "1", "--maxmemory-policy", "noeviction")
	fails(t, openURL(t, "redis://"+s.Addr, filing), true, "OOM")
}

func TestNoDatabase(t *testing.T) {
	s := servertest.Redis(t)
	fails(t, openURL(t, "redis://"+s.Addr+"/99", filing), true, "DB index is out of range")
}

func TestTLS(t *testing.T) {
	s, ca := servertest.RedisTLS(t)
	d := openURL(t, "rediss://"+s.Addr+"?ssl_ca_certs="+ca, filing)
	events := drivertest.Trace(5, 0)
	if err := d.Notify(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	if n := len(records(t, d, events[0].Trace().String())); n != 5 {
		t.Errorf("%d records, want 5", n)
	}
	if err := openURL(t, "rediss://"+s.Addr+"?ssl_cert_reqs=none", filing).Ping(t.Context()); err != nil {
		t.Errorf("unverified: %v", err)
	}
	fails(t, openURL(t, "rediss://"+s.Addr, filing), true, "certificate")
	plain, _ := servertest.RedisTLS(t)
	fails(t, openURL(t, "redis://"+plain.Addr, filing), false, "redis "+plain.Addr)
}

// TestWrongType: a list that cannot be written to takes nothing else with it.
func TestWrongType(t *testing.T) {
	s := servertest.Redis(t)
	d, c := openURL(t, "redis://"+s.Addr, filing), client(t, s, 0)
	good, bad := drivertest.Trace(4, 0), drivertest.Trace(4, 0)
	if err := c.Set(t.Context(), listPrefix+bad[0].Trace().String(), "x", 0).Err(); err != nil {
		t.Fatal(err)
	}
	var batch []record.Event
	for i := range good {
		batch = append(batch, bad[i], good[i])
	}
	err := d.Notify(t.Context(), batch)
	var rejected *record.RejectedError
	if !errors.As(err, &rejected) || !slices.Equal(rejected.Indexes, []int{0, 2, 4, 6}) || !strings.Contains(err.Error(), "WRONGTYPE") {
		t.Fatalf("Notify: %v, want records 0, 2, 4 and 6 rejected", err)
	}
	if n := len(records(t, d, good[0].Trace().String())); n != 4 {
		t.Errorf("%d records of the other trace, want 4", n)
	}
	for _, err := range d.Records(t.Context(), bad[0].Trace().String()) {
		if err == nil || !strings.Contains(err.Error(), "WRONGTYPE") {
			t.Errorf("Records: %v", err)
		}
	}
	if list := traces(t, d, drivers.Query{}); len(list) != 1 {
		t.Errorf("%d traces listed, want 1", len(list))
	}
	if n, err := d.Prune(t.Context(), time.Now().Add(time.Hour)); n != 1 || err != nil {
		t.Errorf("Prune = %d, %v", n, err)
	}
}

func TestFrozen(t *testing.T) {
	s := servertest.Redis(t)
	d := openURL(t, "redis://"+s.Addr, filing)
	events := drivertest.Trace(3, 0)
	if err := d.Notify(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	s.Freeze()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := d.Notify(ctx, events)
	if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, record.ErrNotSent) {
		t.Errorf("Notify: %v, want a deadline that does not say what was sent", err)
	}
	for _, err := range d.Records(ctx, events[0].Trace().String()) {
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Records: %v, want %v", err, context.DeadlineExceeded)
		}
	}
	s.Thaw()
	if err := d.Notify(t.Context(), events); err != nil {
		t.Errorf("thawed: %v", err)
	}
}

// cutter stands between the driver and a server. It swallows the answer to a
// command that holds a word, and closes the connection, as often as it is told.
type cutter struct {
	net.Listener
	server, word string
	left         atomic.Int32
	wg           sync.WaitGroup
}

func newCutter(t *testing.T, server, word string) *cutter {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{Listener: l, server: server, word: word}
	c.wg.Go(func() {
		for {
			conn, err := c.Accept()
			if err != nil {
				return
			}
			c.wg.Go(func() { c.forward(conn) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		c.wg.Wait()
	})
	return c
}

func (c *cutter) forward(conn net.Conn) {
	defer conn.Close()
	up, err := net.Dial("tcp", c.server)
	if err != nil {
		return
	}
	var cut atomic.Bool
	c.wg.Go(func() {
		defer up.Close()
		b := make([]byte, 64<<10)
		for {
			n, err := conn.Read(b)
			if bytes.Contains(b[:n], []byte(c.word)) && c.left.Add(-1) >= 0 {
				cut.Store(true)
			}
			if _, err2 := up.Write(b[:n]); err != nil || err2 != nil {
				return
			}
		}
	})
	b := make([]byte, 64<<10)
	for {
		n, err := up.Read(b)
		if err != nil || cut.Load() {
			return
		}
		if _, err := conn.Write(b[:n]); err != nil {
			return
		}
	}
}

// TestReplyCut: a batch whose reply is lost is stored, perhaps; sent again it is
// stored twice and still read as one.
func TestReplyCut(t *testing.T) {
	s := servertest.Redis(t)
	proxy := newCutter(t, s.Addr, "lpush")
	proxy.left.Store(1)
	d := openURL(t, "redis://"+proxy.Addr().String(), filing)
	events := drivertest.Trace(3, 0)
	err := d.Notify(t.Context(), events)
	var rejected *record.RejectedError
	if err == nil || errors.Is(err, record.ErrNotSent) || errors.As(err, &rejected) {
		t.Fatalf("Notify: %v, want an error that leaves open what was stored", err)
	}
	if err := d.Notify(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	base := events[0].Trace().String()
	if n := len(records(t, d, base)); n != 6 {
		t.Errorf("%d records, want 3 twice", n)
	}

	// A question is asked again.
	proxy = newCutter(t, s.Addr, "lrange")
	proxy.left.Store(2)
	if n := len(records(t, openURL(t, "redis://"+proxy.Addr().String(), filing), base)); n != 6 {
		t.Errorf("%d records after broken connections, want 6", n)
	}
	if proxy.left.Load() != -1 {
		t.Error("no connection was broken")
	}
}

// runLoad runs a profiled program that writes traces of three points one after
// the other until stop is closed, and returns their base ids.
func runLoad(t *testing.T, s *profiler.Service, stop <-chan struct{}) func() []string {
	t.Helper()
	var bases []string
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			ctx, root := s.Begin(context.Background(), profiler.Opening{Name: "job"})
			for range 2 {
				_, p := profiler.Start(ctx, "step", slog.Int("n", len(bases)))
				p.Stop()
			}
			root.Stop()
			bases = append(bases, root.ID().String())
			time.Sleep(100 * time.Microsecond)
		}
	})
	return func() []string { wg.Wait(); return bases }
}

// checkAccounts compares what a program counted with what the store holds.
func checkAccounts(t *testing.T, d drivers.Driver, st profiler.Stats) {
	t.Helper()
	if st.Recorded == 0 || st.Recorded != st.Acknowledged || st.Unconfirmed != 0 {
		t.Errorf("accounts %+v, want all acknowledged", st)
	}
	type id struct{ trace, name string }
	stored := map[id]bool{}
	for _, tr := range traces(t, d, drivers.Query{}) {
		for _, r := range records(t, d, tr.BaseID) {
			stored[id{r.Point, r.Name}] = true
		}
	}
	if uint64(len(stored)) != st.Acknowledged {
		t.Errorf("%d distinct records are stored, %d were acknowledged", len(stored), st.Acknowledged)
	}
}

func newService(t *testing.T, d drivers.Driver) *profiler.Service {
	t.Helper()
	s, err := profiler.New(profiler.Config{Name: "loader", Sink: d, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func closeService(t *testing.T, s *profiler.Service) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		t.Error(err)
	}
}

// TestKilledUnderLoad: nothing that was acknowledged is lost with the server's
// process, and what was not is sent again.
func TestKilledUnderLoad(t *testing.T) {
	s := servertest.Redis(t)
	d := openURL(t, "redis://"+s.Addr, filing)
	service := newService(t, d)
	stop := make(chan struct{})
	wait := runLoad(t, service, stop)
	for range 3 {
		before := service.Stats().Acknowledged
		watchdog.Until(t, "records to be acknowledged", func() bool { return service.Stats().Acknowledged > before })
		s.Kill()
		s.Restart()
	}
	close(stop)
	bases := wait()
	closeService(t, service)
	checkAccounts(t, d, service.Stats())
	t.Logf("%d traces, %+v", len(bases), service.Stats())
}

// replicated waits until a replica has all that a server was told.
func replicated(t *testing.T, s *servertest.Server, password string) {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: s.Addr, Password: password})
	defer c.Close()
	conn := c.Conn()
	defer conn.Close()
	// WAIT speaks of what its own connection wrote, and what came before.
	if err := conn.Set(t.Context(), "last", 1, 0).Err(); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Wait(t.Context(), 1, time.Minute).Result(); n != 1 || err != nil {
		t.Fatalf("WAIT = %d, %v", n, err)
	}
}

// TestFailover: the driver follows the sentinels to the new primary, and what
// had reached the replica is there.
func TestFailover(t *testing.T) {
	for name, fail := range map[string]func(*servertest.Server){
		"killed": (*servertest.Server).Kill,
		"frozen": (*servertest.Server).Freeze,
	} {
		t.Run(name, func(t *testing.T) {
			set := servertest.RedisSentinel(t, "--requirepass", "secret", "--masterauth", "secret")
			o := filing
			o.SocketTimeout = 3 * time.Second
			o.SentinelServiceName = set.Name
			addrs := make([]string, len(set.Sentinels))
			for i, s := range set.Sentinels {
				addrs[i] = s.Addr
			}
			set.Sentinels[0].Stop() // one of three may be missing
			d := openURL(t, "redissentinel://:secret@"+strings.Join(addrs, ",")+"/7", o)
			service := newService(t, d)
			ctx, p := service.Begin(t.Context(), profiler.Opening{Name: "before"})
			p.Stop()
			if err := service.Flush(ctx); err != nil {
				t.Fatal(err)
			}
			first := set.Nodes[0]
			replicated(t, first, "secret")

			fail(first)
			_, p = service.Begin(t.Context(), profiler.Opening{Name: "after"})
			p.Stop()
			closeService(t, service)
			checkAccounts(t, d, service.Stats())
			if list := traces(t, d, drivers.Query{}); len(list) != 2 {
				t.Errorf("%d traces on the new primary, want 2", len(list))
			}
		})
	}
}

// TestIdleConnectionsOfSentinel: a connection that broke while nobody used it
// costs no batch.
func TestIdleConnectionsOfSentinel(t *testing.T) {
	set := servertest.RedisSentinel(t)
	o := filing
	o.SocketTimeout = time.Minute
	d := openURL(t, "redissentinel://"+set.Sentinels[0].Addr, o)
	for range 3 {
		if err := d.Notify(t.Context(), drivertest.Trace(3, 0)); err != nil {
			t.Fatal(err)
		}
		if err := client(t, set.Nodes[0], 0).Do(t.Context(), "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes").Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestClusterNodeKilled: a cluster that lacks a node takes nothing, and
// everything once the node is back.
func TestClusterNodeKilled(t *testing.T) {
	nodes := servertest.RedisCluster(t)
	var addrs []string
	for _, s := range nodes {
		addrs = append(addrs, s.Addr)
	}
	d := openURL(t, "redis+cluster://"+strings.Join(addrs, ","), filing)
	service := newService(t, d)
	stop := make(chan struct{})
	wait := runLoad(t, service, stop)
	for _, s := range nodes[:2] {
		before := service.Stats().Acknowledged
		watchdog.Until(t, "records to be acknowledged", func() bool { return service.Stats().Acknowledged > before })
		s.Kill()
		s.Restart()
	}
	close(stop)
	wait()
	closeService(t, service)
	checkAccounts(t, d, service.Stats())
}

func TestUnanswered(t *testing.T) {
	t.Run("server", func(t *testing.T) {
		s := servertest.Redis(t)
		frozen.Test(t, "redis://"+s.Addr, "redis "+s.Addr, filing, s)
	})
	t.Run("cluster", func(t *testing.T) {
		nodes := servertest.RedisCluster(t)
		frozen.Test(t, "redis+cluster://"+nodes[0].Addr, "redis "+nodes[0].Addr, filing, nodes...)
	})
	t.Run("sentinel", func(t *testing.T) {
		set := servertest.RedisSentinel(t)
		frozen.Test(t, "redissentinel://"+set.Sentinels[0].Addr, "redis mymaster of sentinel "+set.Sentinels[0].Addr, filing, append(set.Nodes, set.Sentinels...)...)
	})
}

// TestCloseWhileFrozen: Close does not wait for a server that does not answer,
// and ends what does.
func TestCloseWhileFrozen(t *testing.T) {
	s := servertest.Redis(t)
	d := openURL(t, "redis://"+s.Addr, filing)
	if err := d.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Freeze()
	done := make(chan error)
	go func() { done <- d.Notify(context.Background(), drivertest.Trace(1, 0)) }()
	watchdog.Until(t, "the request", func() bool { return d.client.PoolStats().Hits > 0 })
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if err := watchdog.Await(t, "the end of Notify", done); !errors.Is(err, drivers.ErrClosed) {
		t.Errorf("Notify: %v, want %v", err, drivers.ErrClosed)
	}
}

func TestSentinelKnowsNoSuchSet(t *testing.T) {
	s := servertest.Redis(t)
	fails(t, openURL(t, "redissentinel://"+s.Addr, filing), true, "redis mymaster of sentinel "+s.Addr)
	set := servertest.RedisSentinel(t)
	o := filing
	o.SentinelServiceName, o.SocketTimeout = "other", time.Second
	fails(t, openURL(t, "redissentinel://"+set.Sentinels[0].Addr, o), true, `knows no set "other"`)
}

func TestTTL(t *testing.T) {
	s := servertest.Redis(t)
	d, c := openURL(t, "redis://"+s.Addr+"?ttl=2h", filing), client(t, s, 0)
	events := drivertest.Trace(3, 0)
	events[1].Change(func(f *record.Fields) { f.Info = []byte(`{"etype":"E","message":"m","host":"h"}`) })
	if err := d.Notify(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	for _, prefix := range []string{listPrefix, errorPrefix} {
		ttl, err := c.TTL(t.Context(), prefix+events[0].Trace().String()).Result()
		if err != nil || ttl <= time.Hour || ttl > 2*time.Hour {
			t.Errorf("%s expires in %v, %v", prefix, ttl, err)
		}
	}
}

// TestCommands counts what the server is asked to do.
func TestCommands(t *testing.T) {
	s := servertest.Redis(t)
	d, c := openURL(t, "redis://"+s.Addr, filing), client(t, s, 0)
	var events []record.Event
	for i := range 200 {
		events = append(events, drivertest.Trace(20, time.Duration(i)*time.Second)...)
	}
	count := func(do func()) map[string]string {
		t.Helper()
		if err := c.ConfigResetStat(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		do()
		info, err := c.Info(t.Context(), "commandstats").Result()
		if err != nil {
			t.Fatal(err)
		}
		calls := map[string]string{}
		for line := range strings.Lines(info) {
			if name, rest, ok := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":calls="); ok {
				calls[name], _, _ = strings.Cut(rest, ",")
			}
		}
		return calls
	}
	calls := count(func() {
		if err := d.Notify(t.Context(), events); err != nil {
			t.Fatal(err)
		}
	})
	if calls["lpush"] != "200" {
		t.Errorf("200 traces are written with %v", calls)
	}
	calls = count(func() { records(t, d, events[0].Trace().String()) })
	if calls["scan"] != "" || calls["lrange"] != "1" {
		t.Errorf("one trace is read with %v", calls)
	}
	// The newest of 200 are had without reading all.
	calls = count(func() {
		if n := len(traces(t, d, drivers.Query{Limit: 3})); n != 3 {
			t.Errorf("%d traces", n)
		}
	})
	if calls["lrange"] != "16" {
		t.Errorf("3 of 200 traces are listed with %v", calls)
	}
}
