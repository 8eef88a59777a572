package evidence

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/findings"
)

// truth is what was planted, as it was measured where it was planted.
type truth struct {
	kind    findings.Kind
	service string        // of the finding's first point
	name    string        // of that point
	detail  string        // a part of its statement, method, subject or path
	host    string        // of it; "": any
	count   int           // how many points the finding is about; 0: any
	took    time.Duration // 0: the cause has no time

	now time.Time // when the trace was read, of one that still runs
}

// plant is a cause. Its do sends one request on whose way the cause lies, and gives
// the trace and what is true of it.
type plant struct {
	name string
	part string // which real part is delayed or fails
	do   func(s *site, rng *rand.Rand) (*report.Report, truth, error)
}

var plants = []plant{
	{"slow_statement", "the proxy before PostgreSQL holds up one statement", slowStatement},
	{"cut_connection", "the proxy closes the connection on one statement", cutConnection},
	{"timeout", "the proxy holds up a statement for longer than its limit", timeout},
	{"missing_table", "a table of PostgreSQL has another name", missingTable},
	{"stopped_postgres", "PostgreSQL is stopped (SIGSTOP) for a while", stoppedPostgres},
	{"pool_of_one", "another job holds the pool's only connection", poolOfOne},
	{"sleeping_replica", "one replica sleeps", sleepingReplica},
	{"sleeping_shard", "one of calls made at once meets a replica that sleeps", sleepingShard},
	{"sleeping_python", "the Python service sleeps", sleepingPython},
	{"stopped_python", "the Python service is stopped (SIGSTOP) for a while", stoppedPython},
	{"hanging_python", "the Python service is stopped, and the trace read meanwhile", hangingPython},
	{"refused", "nothing listens where the Python service should be", refused},
	{"nplus1_sql", "a query for each row, to a server some milliseconds away", nplus1SQL},
	{"nplus1_grpc", "a gRPC call for each row", nplus1GRPC},
	{"nplus1_http", "a call of the Python service for each row", nplus1HTTP},
	{"stuck_consumer", "the consumer handles another message first", stuckConsumer},
	{"wrong_clock", "a host's clock is wrong", wrongClock},
}

// well sends the one request, which goes well, waits until its message is handled
// too, and reads the trace.
func (s *site) well(p plan) (*report.Report, error) {
	s.plan.Store(&p)
	id, err := s.checkOut(http.StatusOK)
	if err != nil {
		return nil, err
	}
	<-s.mailed
	return s.finished(id), nil
}

// badly is well for a request that fails before it sends a message.
func (s *site) badly(p plan) (*report.Report, error) {
	s.plan.Store(&p)
	id, err := s.checkOut(http.StatusBadGateway)
	if err != nil {
		return nil, err
	}
	return s.finished(id), nil
}

// between draws a time.
func between(rng *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(rng.Int64N(int64(most-least)))
}

// long draws how long a cause lasts: from little more than the threshold of a gap
// on, short ones as often as long ones.
func long(rng *rand.Rand) time.Duration {
	return time.Duration(float64(60*time.Millisecond) * math.Pow(20, rng.Float64()))
}

func slowStatement(s *site, rng *rand.Rand) (*report.Report, truth, error) {
	at := []truth{
		{service: "storefront", detail: "FROM customers"},
		{service: "orders", detail: "FROM orders"},
		{service: "orders", detail: "FROM movements"},
	}[rng.IntN(3)]
	s.proxy.plan(at.detail, long(rng), false)
	at.kind, at.name, at.count = findings.Slow, "db", 1
	r, err := s.well(plan{after: sum(strings.TrimPrefix(at.detail, "FROM "), &at.took)})
	return r, at, err
}

func cutConnection(s *site, rng *rand.Rand) (*report.Report, truth, error) {
	at := []truth{{service: "storefront", detail: "FROM customers"}, {service: "orders", detail: "FROM movements"}}[rng.IntN(2)]
	s.proxy.plan(at.detail, between(rng, 0, 100*time.Millisecond), true)
	r, err := s.badly(plan{})
	at.kind, at.name, at.count = findings.Failure, "db", 1
	return r, at, err
}

func timeout(s *site, rng *rand.Rand) (*report.Report, truth, error) {
	limit := long(rng)
	s.proxy.plan("FROM movements", 2*limit, false)
	r, err := s.badly(plan{limit: limit})
	return r, truth{kind: findings.Failure, service: "orders", name: "db", detail: "FROM movements", count: 1, took: limit}, err
}

func missingTable(s *site, rng *rand.Rand) (*report.Report, truth, error) {
	table := []string{"orders", "movements"}[rng.IntN(2)]
	rename := func(from, to string) error {
		_, err := s.admin.Exec("ALTER TABLE " + from + " RENAME TO " + to)
		return err
	}
	if err := rename(table, "gone"); err != nil {
		return nil, truth{}, err
	}
	r, err := s.badly(plan{})
	err = errors.Join(err, rename("gone", table))
	return r, truth{kind: findings.Failure, service: "orders", name: "db", detail: "FROM " + table, count: 1}, err
}

// meanwhile is well for a plant that does something while the request runs: begun is
// called when it has got to what has this name.
func (s *site) meanwhile(p plan, what string, begun func(id header.ID, began time.Time)) (*report.Report, error) {
	reached := make(chan time.Time, 1)
	var once sync.Once
	p.before = func(name string) {
		if name == what {
			once.Do(func() { reached <- time.Now() })
		}
	}
	s.plan.Store(&p)
	id, url := header.NewID(), s.url+"/checkout/"+strconv.Itoa(s.rng.IntN(100))
	answered := make(chan error, 1)
	go func() { answered <- s.ask(s.t.Context(), id, url, http.StatusOK) }()
	select {
	case began := <-reached:
		begun(id, began)
	case err := <-answered:
		return nil, fmt.Errorf("the request ended before it got to %s: %w", what, err)
	}
	if err := <-answered; err != nil {
		return nil, err
	}
	<-s.mailed
	return s.finished(id), nil
}

func stoppedPostgres(s *site, rng *rand.Rand) (*report.Report, truth, error) {
	at := truth{kind: findings.Slow, service: "storefront", name: "db", detail: "FROM customers", count: 1}
	s.postgres.Freeze()
	r, err := s.meanwhile(plan{}, "customers", func(_ header.ID, began time.Time) {
		time.Sleep(long(rng))
		s.postgres.Thaw()
		at.took = time.Since(began)
	})
	return r, at, err
}

func poolOfOne(s *site, rng *rand.Rand) (*report.Report, truth, error) {
	at := truth{kind: findings.Gap, service: "orders", name: "grpc", detail: "site.Orders/Place", count: 1}
	job, err := s.carts.Begin()
	if err != nil {
		return nil, at, err
	}
	r, err := s.meanwhile(plan{carts: true}, "carts", func(_ header.ID, began time.Time) {
		time.Sleep(long(rng))
		_ = job.Rollback()
		at.took = time.Since(began)
	})
	return r, at, err
}

func sleepingReplica(s *site, rng *rand.Rand) (*report.Report, truth, error) {
	at := truth{kind: findings.Slow, service: "stock", name: "grpc", detail: "site.Stock/Left", host: "stock-b", count: 1}
	r, err := s.well(plan{sleeps: long(rng), after: sum("sleep", &at.took)})
	return r, at, err
}

func sleepingShard(s *site, rng *rand.Rand) (*report.Report, truth, error) {
	at := truth{kind: findings.Outlier, service: "storefront", name: "grpc_client", detail: "site.Stock/Left"}
	shards := 6 + rng.IntN(7)
	at.count = shards + 1 // and the one before them
	r, err := s.well(plan{shards: shards, shardSleeps: 1 + rng.IntN(shards), sleeps: long(rng), after: sum("sleep", &at.took)})
	return r, at, err
}

func sleepingPython(s *site, rng *rand.Rand) (*report.Report, truth, error) {
	at := truth{kind: findings.Slow, service: "quotes", name: "quote", count: 1}
	r, err := s.well(plan{pythonSleeps: long(rng), after: sum("python", &at.took)})
	return r, at, err
}

func stoppedPython(s *site, rng *rand.Rand) (*report.Report, truth, error) {
	at := truth{kind: findings.Waiting, service: "storefront", name: "http_client", detail: "/quote", count: 1}
	s.quotes.freeze()
	r, err := s.meanwhile(plan{}, "quote", func(_ header.ID, began time.Time) {
		time.Sleep(long(rng))
		s.quotes.thaw()
		at.took = time.Since(began)
	})
	return r, at, err
}

func hangingPython(s *site, rng *rand.Rand) (*report.Report, truth, error) {
	at := truth{kind: findings.Unfinished, service: "storefront", name: "http_client", detail: "/quote", count: 1}
	s.quotes.freeze()
	var r *report.Report
	_, err := s.meanwhile(plan{}, "quote", func(id header.ID, began time.Time) {
		time.Sleep(long(rng))
		r, at.now = s.report(id), time.Now()
		at.took = at.now.Sub(began)
		s.quotes.thaw()
	})
	return r, at, err
}

func refused(s *site, _ *rand.Rand) (*report.Report, truth, error) {
	nobody := s.listen()
	if err := nobody.Close(); err != nil {
		return nil, truth{}, err
	}
	r, err := s.badly(plan{quotesURL: "http://" + nobody.Addr().String() + "/quote"})
	return r, truth{kind: findings.Failure, service: "storefront", name: "http_client", detail: "/quote", count: 1}, err
}

func nplus1SQL(s *site, rng *rand.Rand) (*report.Report, truth, error) {
	at := truth{kind: findings.Repeated, service: "orders", name: "db", detail: "FROM items"}
	at.count = 8 + rng.IntN(60)
	s.proxy.plan("FROM items", between(rng, time.Millisecond, 6*time.Millisecond), false)
	r, err := s.well(plan{items: at.count, after: sum("item", &at.took)})
	return r, at, err
}

func nplus1GRPC(s *site, rng *rand.Rand) (*report.Report, truth, error) {
	at := truth{kind: findings.Repeated, service: "storefront", name: "grpc_client", detail: "site.Stock/Left"}
	at.count = 8 + rng.IntN(60)
	r, err := s.well(plan{stock: at.count, sleeps: between(rng, time.Millisecond, 6*time.Millisecond), after: sum("stock", &at.took)})
	return r, at, err
}

func nplus1HTTP(s *site, rng *rand.Rand) (*report.Report, truth, error) {
	at := truth{kind: findings.Repeated, service: "storefront", name: "http_client", detail: "/quote"}
	at.count = 8 + rng.IntN(40)
	r, err := s.well(plan{quotes: at.count, after: sum("quote", &at.took)})
	return r, at, err
}

func stuckConsumer(s *site, rng *rand.Rand) (*report.Report, truth, error) {
	at := truth{kind: findings.Waiting, service: "mailer", name: "nats_process", detail: "orders.placed", count: 1}
	if err := s.bus.Publish("orders.placed", []byte("block")); err != nil {
		return nil, at, err
	}
	r, err := s.meanwhile(plan{}, "published", func(_ header.ID, began time.Time) {
		time.Sleep(2 * long(rng)) // the threshold of a message is twice that of a gap
		s.blocked <- struct{}{}
		at.took = time.Since(began)
	})
	return r, at, err
}

func wrongClock(s *site, rng *rand.Rand) (*report.Report, truth, error) {
	at := []truth{{service: "orders", host: "orders-1"}, {service: "stock", host: "stock-b"}}[rng.IntN(2)]
	at.kind, at.name = findings.Skew, "grpc"
	at.took = 2 * long(rng)
	c := s.clocks[at.host]
	by := at.took
	if rng.IntN(2) == 0 {
		by = -by
	}
	c.by.Store(int64(by))
	r, err := s.well(plan{})
	c.by.Store(0)
	return r, at, err
}

// sum adds up how long what has this name took.
func sum(name string, all *time.Duration) func(string, time.Duration) {
	var mu sync.Mutex
	return func(what string, took time.Duration) {
		if what == name {
			mu.Lock()
			defer mu.Unlock()
			*all += took
		}
	}
}
