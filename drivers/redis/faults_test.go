package redis

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/drivers/drivertest/faults"
	"github.com/sonde-go/sonde/drivers/internal/load"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/record"
)

// fails writes a batch that cannot be stored and checks the error.
func fails(t *testing.T, d *drivers.Store, notSent bool, text string) {
	t.Helper()
	err := d.Notify(t.Context(), drivertest.Trace(3, 0))
	if err == nil || errors.Is(err, record.ErrNotSent) != notSent || !strings.Contains(err.Error(), text) {
		t.Fatalf("Notify: %v, want an error with %q, not sent: %v", err, text, notSent)
	}
	if s := err.Error(); strings.Contains(s, "hunter2") || strings.Contains(s, "\n") {
		t.Errorf("Notify: the error is %q", s)
	}
}

// TestFaults runs the suite. A cluster and sentinels tell their clients where the
// servers are, so no proxy comes between.
func TestFaults(t *testing.T) {
	t.Run("server", func(t *testing.T) {
		s := servertest.Redis(t, "--requirepass", faults.Secret)
		admin := redis.NewClient(&redis.Options{Addr: s.Addr, Password: faults.Secret})
		t.Cleanup(func() { admin.Close() })
		do := func(t *testing.T, args ...any) {
			t.Helper()
			if err := admin.Do(t.Context(), args...).Err(); err != nil {
				t.Fatal(err)
			}
		}
		faults.Run(t, faults.Harness{New: func(t *testing.T) *faults.Server {
			do(t, "FLUSHALL")
			return &faults.Server{
				Addr: s.Addr, Options: filing, Name: "redis " + s.Addr,
				URL:  func(addr string) string { return "redis://:" + faults.Secret + "@" + addr },
				Stop: s.Stop, Start: s.Restart, Kill: s.Kill, Freeze: s.Freeze, Thaw: s.Thaw,
				Wrong: func(*testing.T) string { return "redis://:x" + faults.Secret + "@" + s.Addr },
				Fill: func(t *testing.T) func() {
					do(t, "CONFIG", "SET", "maxmemory", "1")
					return func() { do(t, "CONFIG", "SET", "maxmemory", "0") }
				},
				Stored: func(t *testing.T) int { return distinct(t, admin) },
			}
		}})
	})
	many := func(t *testing.T, url, name string, servers []*servertest.Server) {
		faults.Run(t, faults.Harness{
			Lacks: faults.Only("what happens to one of several servers is in tests of its own", faults.Frozen),
			New: func(*testing.T) *faults.Server {
				each := func(do func(*servertest.Server)) func() {
					return func() {
						for _, s := range servers {
							do(s)
						}
					}
				}
				return &faults.Server{
					URL: func(string) string { return url }, Options: filing, Name: name,
					Freeze: each((*servertest.Server).Freeze), Thaw: each((*servertest.Server).Thaw),
				}
			},
		})
	}
	t.Run("cluster", func(t *testing.T) {
		nodes := servertest.RedisCluster(t)
		many(t, "redis+cluster://"+nodes[0].Addr, "redis "+nodes[0].Addr, nodes)
	})
	t.Run("sentinel", func(t *testing.T) {
		set := servertest.RedisSentinel(t)
		many(t, "redissentinel://"+set.Sentinels[0].Addr, "sentinel "+set.Sentinels[0].Addr, append(set.Nodes, set.Sentinels...))
	})
}

// distinct counts the records that a server has, read without the driver.
func distinct(t *testing.T, c *redis.Client) int {
	t.Helper()
	keys, err := c.Keys(t.Context(), listPrefix+"*").Result()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, key := range keys {
		lines, err := c.LRange(t.Context(), key, 0, -1).Result()
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range lines {
			seen[line] = true
		}
	}
	return len(seen)
}

func TestManyDown(t *testing.T) {
	s := servertest.Redis(t)
	s.Stop()
	fails(t, openURL(t, "redissentinel://:hunter2@"+s.Addr, filing), true, "connection refused")
	fails(t, openURL(t, "redis+cluster://:hunter2@"+s.Addr, filing), false, "connection refused")
}

func TestWrongPassword(t *testing.T) {
	s := servertest.Redis(t, "--requirepass", "p@ss/w")
	fails(t, openURL(t, "redis://eve:hunter2@"+s.Addr, filing), true, "WRONGPASS")
	fails(t, openURL(t, "redis://"+s.Addr, filing), true, "NOAUTH")
	if err := openURL(t, "redis://:p%40ss%2Fw@"+s.Addr, filing).Ping(t.Context()); err != nil {
		t.Errorf("the right password: %v", err)
	}
}

// TestAsksAgain: a question whose answer was lost is asked again.
func TestAsksAgain(t *testing.T) {
	p := faults.NewProxy(t, servertest.Redis(t).Addr)
	d := openURL(t, "redis://"+p.Addr, filing)
	events := drivertest.Trace(3, 0)
	if err := d.Notify(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	p.CutAfter(0)
	if n := len(records(t, d, events[0].Trace().String())); n != 3 {
		t.Errorf("%d records after a broken connection, want 3", n)
	}
}

func TestReplicaTakesNothing(t *testing.T) {
	s := servertest.Redis(t)
	replica := servertest.Redis(t, "--replicaof", "127.0.0.1 "+strings.TrimPrefix(s.Addr, "127.0.0.1:"))
	fails(t, openURL(t, "redis://"+replica.Addr, filing), true, "READONLY")
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
	fails(t, openURL(t, "redis://"+plain.Addr, filing), false, "redis://"+plain.Addr)
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
			o.Params = map[string]string{"sentinel_service_name": set.Name}
			addrs := make([]string, len(set.Sentinels))
			for i, s := range set.Sentinels {
				addrs[i] = s.Addr
			}
			set.Sentinels[0].Stop() // one of three may be missing
			d := openURL(t, "redissentinel://:secret@"+strings.Join(addrs, ",")+"/7", o)
			l := load.Start(t, d, 10*time.Second)
			l.Work(1)
			if err := l.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			first := set.Nodes[0]
			replicated(t, first, "secret")

			fail(first)
			l.Work(1)
			l.All(t)
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
	l := load.Start(t, d, 10*time.Second)
	for _, s := range nodes[:2] {
		before := l.Stats().Acknowledged
		l.Work(3)
		l.Until(t, "records to be acknowledged", load.Acknowledged(before+6))
		s.Kill()
		for range 20 {
			l.Work(3)
		}
		s.Restart()
	}
	recorded, stored := int(l.All(t)), 0
	for _, s := range nodes {
		stored += distinct(t, client(t, s, 0))
	}
	if stored != recorded {
		t.Errorf("%d distinct records are stored, %d were acknowledged", stored, recorded)
	}
}

func TestSentinelKnowsNoSuchSet(t *testing.T) {
	s := servertest.Redis(t)
	fails(t, openURL(t, "redissentinel://"+s.Addr, filing), true, "the primary of mymaster: sentinel "+s.Addr)
	set := servertest.RedisSentinel(t)
	o := filing
	o.SocketTimeout = time.Second
	fails(t, openURL(t, "redissentinel://"+set.Sentinels[0].Addr+"?sentinel_service_name=other", o), true, `knows no set "other"`)
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
	if calls["lrange"] != "4" || calls["scan"] != "1" {
		t.Errorf("3 of 200 traces are listed with %v", calls)
	}
}
