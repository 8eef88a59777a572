package findings_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/report/findings"
)

// says is what a trace's findings have to be, in order: the kind, and parts of
// its text.
type says []string

// rows of a table, which a page may ask for one by one.
func rows(n int, length float64) []*point {
	return times(n, 2, length, .2, func(_ int, from, to float64) *point { return query("SELECT * FROM rows WHERE id = $1", from, to) })
}

// attempts are calls that fail but for the last.
func attempts(n int, length, pause float64) []*point {
	return times(n, 10, length, pause, func(i int, from, to float64) *point {
		p := get("bank", "/rates", from, to)
		if i < n-1 {
			p.failing("StatusError", "503 Service Unavailable")
		}
		return p
	})
}

// fanOut are calls made at once, of which one takes long.
func fanOut(n int, usual, longest float64) []*point {
	return times(n, 2, 0, 0, func(i int, from, _ float64) *point {
		if i == 3 {
			return get("parts", "/part", from, from+longest)
		}
		return get("parts", "/part", from, from+usual)
	})
}

// calls are requests that stock serves, whose clock is off.
func calls(n int, off float64) []*point {
	return times(n, 2, 20, 1, func(i int, from, to float64) *point {
		p := rpc("stock", "/shop.Stock/Left", from, to, .5+.1*float64(i), query("SELECT name FROM shelves WHERE id = 1", from+2, to-2))
		p.kids[0].shift(off)
		return p
	})
}

func page(to float64, kids ...*point) *point { return served("shop", "GET", "/page", 0, to, kids...) }

// lost is a point whose service says how many records it has lost.
func (p *point) lost(n int) *point { return p.end("sonde", map[string]any{"lost": n}) }

// TestFindings: each kind of finding in a trace that was made for it, and beside
// it a trace that is nearly the same and has nothing to say. (A trace that only
// takes long is slow somewhere, so most near misses are short.)
func TestFindings(t *testing.T) {
	for _, c := range []struct {
		name  string
		trace []*point
		want  says
	}{
		{"a failure three levels down", []*point{page(9,
			rpc("orders", "/shop.Orders/Place", 1, 8, .2, query("SELECT 1", 2, 3), query("INSERT INTO orders VALUES (1)", 4, 5).failing("pq.Error", "deadlock detected")).failing("grpc.Internal", "deadlock detected"),
		).failing("StatusError", "500")}, says{"failure: INSERT INTO orders VALUES (?) (orders) failed: deadlock detected (pq.Error), up 3 levels to GET /page (shop)"}},
		{"a failure that nobody minded", []*point{page(9, query("SELECT 1", 2, 3).failing("E", "no such table"))},
			says{"failure: SELECT ? (shop) failed: no such table (E); GET /page (shop) went on"}},
		{"near: rows that are not there, and a call that was cancelled", []*point{page(9, query("SELECT 1", 2, 3), get("bank", "/x", 3, 4).outcome("cancelled"))}, nil},
		{"one failure among 5,000 points", []*point{page(900, times(5000, 1, .1, 0, func(i int, from, to float64) *point {
			p := query("INSERT INTO ledger VALUES (?)", from, to)
			if i == 3123 {
				p.failing("pq.Error", "duplicate key")
			}
			return p
		})...)}, says{"failure: 1 of 5,000 INSERT INTO ledger VALUES (?) (shop) failed: duplicate key (pq.Error); GET /page (shop) went on", "repeated: INSERT INTO ledger", "gap: nothing was recorded after INSERT INTO ledger VALUES (?) below GET /page (shop): 399 ms, 44 %"}},
		{"a panic", []*point{page(9, work("discount", 2, 3).failing("panic", "index out of range")).failing("panic", "index out of range")},
			says{"failure: discount (shop) panicked: index out of range, up 1 level to GET /page (shop)"}},
		{"a timeout", []*point{page(9, get("bank", "/pay", 1, 8, served("bank", "GET", "/pay", 2, 40, query("SELECT pg_sleep(1)", 3, 39)).outcome("cancelled")).failing("E", "deadline exceeded").outcome("timeout")).failing("StatusError", "504")},
			says{"failure: GET bank/pay (shop) timed out after 7.00 ms: deadline exceeded (E), up 1 level to GET /page (shop); it waited for SELECT pg_sleep(?) (bank)", "outlives: GET /pay (bank) went on for 32.0 ms after GET bank/pay (shop) had ended, and for 31.0 ms after GET /page (shop)"}},
		{"near: a timeout, and what was slow until then", []*point{page(420, get("bank", "/pay", 1, 401, served("bank", "GET", "/pay", 2, 401, query("SELECT pg_sleep(1)", 3, 401)).outcome("cancelled")).failing("E", "deadline exceeded").outcome("timeout"))},
			says{"failure: GET bank/pay (shop) timed out after 400 ms: deadline exceeded (E); GET /page (shop) went on; it waited for SELECT pg_sleep(?) (bank)"}},
		{"a timeout after something slow", []*point{page(420, get("bank", "/pay", 1, 401, served("bank", "GET", "/pay", 2, 401, query("SELECT a FROM a", 3, 380), query("SELECT b FROM b", 381, 401)).outcome("cancelled")).failing("E", "deadline exceeded").outcome("timeout"))},
			says{"failure: GET bank/pay (shop) timed out after 400 ms: deadline exceeded (E); GET /page (shop) went on; it waited for SELECT b FROM b (bank)", "slow: SELECT a FROM a (bank)"}},
		{"a limit set further up", []*point{page(9, work("load", 1, 8, query("SELECT 1", 3, 8).failing("E", "timeout").outcome("timeout")).failing("E", "timeout").outcome("timeout"))},
			says{"failure: SELECT ? (shop) timed out after 5.00 ms, at the limit of 7.00 ms of load (shop): timeout (E), up 1 level to load (shop)"}},
		{"the caller went away", []*point{page(9, get("bank", "/pay", 1, 9).outcome("cancelled")).outcome("cancelled")},
			says{"cancelled: GET /page (shop) was cancelled by its caller after 9.00 ms; it waited for GET bank/pay (shop)"}},
		{"a failure that was mended once and stayed once", []*point{page(9,
			work("a", 1, 4, get("bank", "/v2.1/r/17", 1, 2).failing("E", "503"), get("bank", "/v2.1/r/17", 2, 4)),
			work("b", 4, 9, get("bank", "/v2.1/r/17", 5, 6).failing("E", "503")))},
			says{"failure: GET bank/v2.1/r/* ×2 (shop) failed: 503 (E); b (shop) went on", "retries: GET bank/v2.1/r/* ×2, 1 failed"}},
		{"a failure that a second try mended", []*point{page(9, get("bank", "/r", 1, 2).failing("E", "503"), get("bank", "/r", 2, 3), query("SELECT 1", 3, 4))},
			says{"failure: GET bank/r (shop) failed: 503 (E); tried again, it went well", "retries: GET bank/r ×2, 1 failed, tried again, below GET /page (shop): 1.00 ms, 11 %"}},

		{"a call that hangs", []*point{page(0, get("bank", "/pay", 1, 0).unended(), query("SELECT 1", 1, 300)).unended()},
			says{"unfinished: GET bank/pay (shop) has not ended: running for at least 299 ms, until the last record"}},
		{"a goroutine whose request has ended", []*point{page(9, work("audit", 5, 0).unended())},
			says{"unfinished: audit (shop) has not ended: running for at least 4.00 ms, until the last record, though GET /page (shop) above it ended: it runs on its own, or its process has gone"}},
		{"a caller that does not see the answer", []*point{page(0, get("bank", "/pay", 1, 0, served("bank", "GET", "/pay", 2, 5)).unended()).unended()},
			says{"unfinished: GET bank/pay (shop) has not ended: running for at least 4.00 ms, until the last record, though GET /pay (bank) answered after 4.00 ms"}},

		{"a server that died", []*point{page(9, get("bank", "/pay", 1, 6, served("bank", "GET", "/pay", 2, 0).unended()).failing("url.Error", "EOF")).failing("E", "502")},
			says{"failure: GET bank/pay (shop) failed: EOF (url.Error), up 1 level to GET /page (shop)", "unfinished: GET /pay (bank) has not ended: running for at least 7.00 ms, until the last record, though GET bank/pay (shop) above it failed (EOF): its process has gone, or it still runs"}},

		{"records were lost", []*point{page(9).lost(1200)}, says{"lost: 1,200 records of this trace never reached the store"}},
		{"near: none were", []*point{page(9).lost(0)}, nil},
		{"parents are missing", []*point{page(9), served("stock", "GET", "/left", 2, 3, query("SELECT 1", 2, 3)).below("gone"), served("bank", "GET", "/pay", 4, 5).below("gone")},
			says{"missing_parents: 2 points hang below a point that is not in the trace, the first GET /left (stock); with what is below, 3 points"}},
		{"near: the caller keeps no points here", []*point{page(9).below("elsewhere")}, nil},
		{"near: two requests of one client", []*point{page(9), served("stock", "GET", "/left", 2, 3)}, nil},

		{"a clock is behind", []*point{page(70, calls(3, -3000)...)}, says{"skew: the clock of stock on host-stock is 3.00 s ± 500 µs behind shop's: corrected here, not in the records", "slow: SELECT name FROM shelves"}},
		{"a clock is ahead", []*point{page(70, calls(3, 3000)...)}, says{"skew: the clock of stock on host-stock is 3.00 s ± 500 µs ahead of shop's: corrected here, not in the records", "slow: SELECT name FROM shelves"}},
		{"a clock was set", []*point{page(70, append(calls(3, -3000), calls(3, 3000)...)...)}, says{"skew: the clock of stock on host-stock differs from shop's, by no one offset: 6 of 6 served calls lie outside of their callers", ""}},
		{"clocks along a chain", []*point{page(60, rpc("orders", "/shop.Orders/Place", 2, 50, .5, rpc("stock", "/shop.Stock/Left", 5, 40, .3).skew(-2000)).skew(-3000))},
			says{"skew: the clock of orders on host-orders is 3.00 s ± 500 µs behind shop's", "skew: the clock of stock on host-stock is 5.00 s ± 800 µs behind shop's", "slow: Left (stock)"}},
		{"near: one offset fits, but might be handlers that run on", []*point{page(20, rpc("stock", "/shop.Stock/Left", 1, 6, .1).skew(.7), rpc("stock", "/shop.Stock/Left", 7, 7.5, .1).skew(.7), rpc("stock", "/shop.Stock/Left", 8, 13, .1).skew(.7))}, nil},
		{"near: it is off by less than calls take to arrive", []*point{page(8, rpc("stock", "/shop.Stock/Left", 2, 7, .4).skew(-.5))}, nil},
		{"near: handlers that run on", []*point{page(20, rpc("stock", "/shop.Stock/Left", 2, 7, .4).skew(1.5), rpc("stock", "/shop.Stock/Left", 8, 13, .4).skew(1.5))}, nil},
		{"near: its caller had given up", []*point{page(9, get("bank", "/pay", 1, 3, served("bank", "GET", "/pay", 5, 6)).failing("E", "refused"))}, says{"failure: GET bank/pay (shop) failed: refused (E); GET /page (shop) went on"}},
		{"near: a consumer is handled before it is sent", []*point{page(9, sent("orders", 2, 3, handled("worker", "orders", -900, -899)))}, nil},
		{"near: all services on one host", []*point{page(9, rpc("stock", "/shop.Stock/Left", 2, 7, .4).skew(-300).onServer("host-shop"))}, nil},

		{"N+1 with parameters", []*point{page(60, rows(50, 1)...)}, says{"repeated: SELECT * FROM rows WHERE id = ? ×50, one after the other, below GET /page (shop): 48.4 ms, 81 %; one call for all saves about 47.4 ms"}},
		{"N+1 made at one place", []*point{page(60, madeAt("cart.go:42 shop.(*Cart).Load", rows(50, 1)...)...)}, says{"repeated: SELECT * FROM rows WHERE id = ? ×50, one after the other, below GET /page (shop): 48.4 ms, 81 %; one call for all saves about 47.4 ms; made at cart.go:42 shop.(*Cart).Load"}},
		{"near: too few to matter", []*point{page(9, append(times(50, .5, .006, .002, func(_ int, from, to float64) *point { return query("SELECT a FROM a WHERE id = ?", from, to) }), query("SELECT sleep()", 1, 8))...)}, nil},
		{"near: four of them", []*point{page(9, rows(4, 1.5)...)}, nil},
		{"near: work without calls", []*point{page(9, times(50, 1, .1, 0, func(_ int, from, to float64) *point { return work("step", from, to) })...)}, nil},
		{"N+1 with literals", []*point{page(9, times(8, 0, 1, 0, func(i int, from, to float64) *point {
			return query(fmt.Sprint("SELECT * FROM rows WHERE id = ", i), from, to)
		})...)}, says{"repeated: SELECT * FROM rows WHERE id = ? ×8, one after the other, below GET /page (shop): 8.00 ms, 89 %; one call for all saves about 7.00 ms"}},
		{"the same over and over", []*point{page(9, times(8, 0, 1, 0, func(_ int, from, to float64) *point { return get("conf", "/flags", from, to) })...)},
			says{"repeated: GET conf/flags ×8, one after the other, below GET /page (shop): 8.00 ms, 89 %; all the same, so one call saves about 7.00 ms"}},
		{"N+1 in which one call took long by chance", []*point{page(80, append(times(19, 0, 1, 0, queryRow), queryRow(0, 19, 37))...)},
			says{"repeated: SELECT * FROM rows WHERE id = ? ×20, one after the other, below GET /page (shop): 37.0 ms, 46 %; one call for all saves about 36.0 ms"}},
		{"N+1 beside an outlier that took longer", []*point{page(80, append(times(19, 0, 1, 0, queryRow), queryRow(0, 19, 59))...)},
			says{"outlier: one of SELECT * FROM rows WHERE id = ? ×20", "repeated: SELECT * FROM rows WHERE id = ? ×19, one after the other, below GET /page (shop): 19.0 ms, 24 %; one call for all saves about 18.0 ms"}},
		{"N+1 by the route that serves it", []*point{page(9, times(8, 0, 1, 0, func(i int, from, to float64) *point {
			s := served("stock", "GET", "/left/"+string(rune('a'+i)), from+.1, to-.1)
			s.stop = map[string]any{"response": map[string]any{"route": "GET /left/{sku}"}}
			return get("stock", "/left/"+string(rune('a'+i)), from, to, s)
		})...)}, says{"repeated: GET stock/left/{sku} ×8"}},
		{"the same query, by its hash", []*point{page(9, times(8, 0, 1, 0, func(_ int, from, to float64) *point { return hashed(7, from, to) })...)},
			says{"repeated: SELECT * FROM rows WHERE id = ? ×8, one after the other, below GET /page (shop): 8.00 ms, 89 %; all the same, so one call saves about 7.00 ms"}},
		{"other queries, by their hash", []*point{page(9, times(8, 0, 1, 0, func(i int, from, to float64) *point { return hashed(i, from, to) })...)},
			says{"repeated: SELECT * FROM rows WHERE id = ? ×8, one after the other, below GET /page (shop): 8.00 ms, 89 %; one call for all saves about 7.00 ms"}},
		{"some the same, by their hash", []*point{page(9, times(8, 0, 1, 0, func(i int, from, to float64) *point { return hashed(i%3, from, to) })...)},
			says{"repeated: SELECT * FROM rows WHERE id = ? ×8, one after the other, below GET /page (shop): 8.00 ms, 89 %; only 3 differ; one call for all saves about 7.00 ms"}},
		{"N+1 of mixed subtrees", []*point{page(9, times(8, 0, 1, 0, func(i int, from, to float64) *point {
			return work("line", from, to, query("SELECT price FROM p WHERE id = ?", from, from+.4), get("tax", item(i), from+.4, to))
		})...)}, says{"repeated: line ×8, each with SELECT price FROM p WHERE id = ? and GET tax/items/*, one after the other"}},
		{"N+1 of calls in turn", []*point{page(9, append(times(8, 0, .5, .5, func(_ int, from, to float64) *point { return query("SELECT a FROM a WHERE id = ?", from, to) }),
			times(8, .5, .5, .5, func(i int, from, to float64) *point { return get("tax", item(i), from, to) })...)...)},
			says{"repeated: SELECT a FROM a WHERE id = ? + GET tax/items/* ×8, one after the other, below GET /page (shop): 8.00 ms, 89 %; one of each for all saves about 7.00 ms"}},
		{"N+1 over gRPC", []*point{served("frontend", "POST", "/cart/checkout", 0, 700, rpc("checkout", "/shop.Checkout/PlaceOrder", 1, 698, .5, times(200, 2, 3, .4, func(i int, a, b float64) *point {
			return rpc("catalog", "/shop.Catalog/GetProduct", a, b, .8, query("SELECT * FROM p WHERE id=?", a+1, b-1))
		})...))}, says{"repeated: GetProduct ×200, one after the other, below PlaceOrder (checkout): 600 ms, 86 %; one call for all saves about 597 ms"}},

		{"retries with pauses", []*point{page(700, attempts(4, 50, 150)...)}, says{"failure: GET bank/rates ×3 (shop) failed", "retries: GET bank/rates ×4, 3 failed, tried again with pauses of 450 ms in all, below GET /page (shop): 600 ms, 86 %"}},
		{"near: a list of which some fail", []*point{page(9, times(8, 0, 1, 0, func(i int, from, to float64) *point {
			p := get("bank", item(i), from, to)
			if i%2 == 0 {
				p.failing("E", "404")
			}
			return p
		})...)}, says{"failure: 4 of 8 GET bank/items/* (shop) failed: 404 (E)"}},

		{"one of many is slow", []*point{page(200, fanOut(20, 10, 190)...)}, says{"outlier: one of GET parts/part ×20, below GET /page (shop) took far longer than the median of 10.0 ms: 190 ms, 95 %"}},
		{"one of many at once is slow, and others a little", []*point{page(300, times(9, 2, 0, 0, func(i int, from, _ float64) *point {
			return get("parts", "/part", from, from+[]float64{1, 1, 280, 1, 9, 1, 1, 9, 1}[i])
		})...)}, says{"outlier: one of GET parts/part ×9, below GET /page (shop) took far longer than the median of 1.00 ms: 280 ms, 93 %"}},
		{"near: calls at once, of which one for all would take as long as the longest", []*point{page(90, times(12, 2, .5, 0, func(i int, from, _ float64) *point {
			return get("parts", "/part", from, from+[]float64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 80, 80}[i])
		})...)}, says{"slow: GET parts/part ×11 (shop), the longest 80.0 ms, below GET /page (shop): 85.5 ms, 95 %"}},
		{"brief calls at once", []*point{page(60, append(times(40, 2, .1, 0, func(_ int, from, _ float64) *point { return get("parts", "/part", from, from+.5) }), query("SELECT 1", 7, 60))...)},
			says{"slow: SELECT ?", "repeated: GET parts/part ×40, up to 5 at once"}},
		{"near: a quarter of them is slow", []*point{page(90, times(20, 1, 0, 0, func(i int, from, _ float64) *point {
			return get("parts", "/part", from, from+10+float64(i%4/3)*60)
		})...)}, says{"slow: GET parts/part (shop), below GET /page (shop): 70.0 ms, 78 %"}},
		{"near: all take about as long", []*point{page(9, fanOut(20, 5, 6)...)}, nil},

		{"a slow query in a chain", []*point{page(420, rpc("orders", "/shop.Orders/Get", 1, 419, .2, query("SELECT a FROM a", 2, 4), query("SELECT b FROM b", 5, 415)))},
			says{"slow: SELECT b FROM b (orders), below Get (orders): 410 ms, 98 %"}},
		{"a slow query in a fan-out", []*point{page(420, query("SELECT a FROM a", 1, 90), query("SELECT b FROM b", 2, 415), query("SELECT c FROM c", 2, 180))},
			says{"slow: SELECT b FROM b (shop), below GET /page (shop): 413 ms, 98 %"}},
		{"near: long, but nothing waited for it", []*point{page(9, sent("orders", 1, 2, handled("worker", "orders", 3, 900, query("SELECT b FROM b", 4, 800))))}, nil},

		{"reads one after the other", []*point{page(310, get("a", "/x", 2, 102), get("b", "/y", 103, 203), get("c", "/z", 204, 304))},
			says{"sequential: GET a/x, GET b/y and GET c/z one after the other, below GET /page (shop): 300 ms, 97 %; at once they would save up to 200 ms"}},
		{"N+1 after another read", []*point{page(62, append(times(9, 8, 5, .2, func(i int, from, to float64) *point { return get("stock", item(i), from, to) }), get("a", "/x", 1, 7))...)},
			says{"repeated: GET stock/items/* ×9, one after the other, below GET /page (shop): 45.0 ms, 73 %"}},
		{"near: at once already", []*point{page(9, get("a", "/x", 0, 8), get("b", "/y", 0, 8), get("c", "/z", 0, 8))}, nil},
		{"near: in a transaction", []*point{page(62, query("BEGIN", 0, .1), query("SELECT a FROM a", .1, 12), query("SELECT b FROM b", 12, 24), query("SELECT c FROM c", 24, 36), query("SELECT d FROM d", 36, 48), query("SELECT e FROM e", 48, 60), query("COMMIT", 60, 62))}, nil},

		{"nothing before a query", []*point{page(100, query("SELECT 1", 80, 85))},
			says{"gap: nothing was recorded before SELECT ? below GET /page (shop): 80.0 ms, 80 %; it may have waited for a connection of the pool"}},
		{"near: waits beside what everything waited for", []*point{page(100,
			work("export", 1, 99, query("SELECT * FROM orders", 2, 90)), work("item", 1, 97, acquire(2, 42, 10, 10), query("SELECT 1", 42, 44)), work("item", 44, 97, acquire(45, 95, 10, 10), query("SELECT 1", 95, 97)))},
			says{"slow: SELECT * FROM orders (shop)"}},
		{"waits for the pool", []*point{page(60, times(6, 1, 9, 0, func(i int, from, to float64) *point {
			return work("item", from, to, acquire(from, to-1, 10, 10), query("SELECT name FROM items WHERE id = ?", to-1, to))
		})...)}, says{"waiting: waited for a database connection ×6 (shop), the longest 8.00 ms, below item ×6 (shop): 48.0 ms, 80 %; all 10 connections of the pool were in use"}},
		{"waits for a pool of one beside each query", []*point{page(60, append(times(6, 1, 8, 1, func(_ int, from, to float64) *point { return acquire(from, to, 1, 1) }),
			times(6, 9, 1, 8, func(_ int, from, to float64) *point { return queryRow(0, from, to) })...)...)},
			says{"waiting: waited for a database connection ×6 (shop), the longest 8.00 ms, below GET /page (shop): 48.0 ms, 80 %; the pool has a single connection", "repeated: SELECT * FROM rows"}},
		{"a wait for a pool that another call keeps busy", []*point{page(100, get("tax", "/rate", 0, 99), work("report", 0, 90, query("SELECT sum(total) FROM orders", 1, 89)), work("item", 0, 100, acquire(1, 90, 2, 2), query("SELECT 1", 90, 100)))},
			says{"waiting: waited for a database connection (shop), below item (shop): 89.0 ms, 89 %; all 2 connections of the pool were in use; meanwhile SELECT sum(total) FROM orders of this trace ran"}},
		{"near: a wait in which a connection was made", []*point{page(60, acquireBy(1, 59, &point{name: "db_connect", from: 2, to: 58, start: map[string]any{"db": map[string]any{}}}), query("SELECT 1", 59, 60))},
			says{"slow: db_connect (shop), below db_acquire (shop): 56.0 ms, 93 %"}},
		{"near: brief waits for the pool", []*point{page(100, acquire(1, 8, 2, 2), query("SELECT 1", 10, 99))}, says{"slow: SELECT ?"}},
		{"a wait for the pool that was given up", []*point{page(60, acquire(1, 51, 2, 2).failing("context.deadlineExceededError", "context deadline exceeded").outcome("timeout"))},
			says{"failure: db_acquire (shop) timed out after 50.0 ms"}},
		{"nothing between calls", []*point{page(100, get("a", "/x", 1, 11), get("b", "/y", 90, 99))},
			says{"gap: nothing was recorded between GET a/x and GET b/y below GET /page (shop): 79.0 ms, 79 %"}},
		{"nothing between caller and server", []*point{page(180, rpc("stock", "/shop.Stock/Left", 0, 180, 60, query("SELECT 1", 60, 120)))},
			says{"waiting: Left (shop) waited to be served by Left (stock): 60.0 ms, 33 %", "waiting: Left (shop) waited for the answer after Left (stock) had ended: 60.0 ms, 33 %", "slow: SELECT ?"}},
		{"near: short holes", []*point{page(98, query("SELECT a FROM a", 40, 49), query("SELECT b FROM b", 89, 98))}, nil},

		{"a message that waits", []*point{page(9, sent("orders", 1, 2, handled("worker", "orders", 902, 910)))},
			says{"waiting: orders waited 900 ms between being sent (shop) and being handled (worker)"}},
		{"near: handled at once", []*point{page(9, sent("orders", 1, 2, handled("worker", "orders", 3, 910)))}, nil},

		{"work that goes on", []*point{page(9, query("SELECT 1", 1, 8), work("receipt", 2, 409))},
			says{"outlives: receipt (shop) went on for 400 ms after GET /page (shop) had ended"}},
		{"near: it ends with its request", []*point{page(9, query("SELECT 1", 1, 8), work("receipt", 2, 9.005))}, nil},

		{"a healthy trace", []*point{page(9, rpc("stock", "/shop.Stock/Left", 1, 4, .2, query("SELECT 1", 2, 3)), query("SELECT 2", 4, 8))}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			res := findings.Find(trace(t, c.trace...), findings.Options{})
			checkPath(t, res)
			for k, f := range res.Findings {
				got := string(f.Kind) + ": " + f.Text
				if k >= len(c.want) {
					t.Errorf("says more: %s", got)
				} else if !inOrder(got, c.want[k]) {
					t.Errorf("says\n%s, want\n%s", got, c.want[k])
				}
			}
			if len(res.Findings) < len(c.want) {
				t.Errorf("says not %q", c.want[len(res.Findings):])
			}
		})
	}
}

// inOrder says whether a sentence has a kind and a part.
func inOrder(got, want string) bool {
	kind, part, ok := strings.Cut(want, ": ")
	return !ok || strings.HasPrefix(got, kind+": ") && strings.Contains(got, part)
}

// skew moves the clock of a call's server.
func (p *point) skew(by float64) *point {
	p.kids[0].shift(by)
	return p
}

func (p *point) onServer(host string) *point {
	p.kids[0].host = host
	return p
}

// madeAt has points say which code made them.
func madeAt(at string, points ...*point) []*point {
	for _, p := range points {
		p.start = maps.Clone(p.start)
		p.start["sonde"] = map[string]any{"at": at}
	}
	return points
}

// TestMadeAt: calls that were made at two places were made at none.
func TestMadeAt(t *testing.T) {
	list := append(madeAt("cart.go:42 shop.(*Cart).Load", rows(25, 1)...), madeAt("cart.go:43 shop.(*Cart).Load", times(25, 33, 1, .1, queryRow)...)...)
	res := find(t, page(60, list...))
	if len(res.Findings) != 1 || strings.Contains(res.Findings[0].Text, "made at") {
		t.Errorf("%+v", res.Findings)
	}
}

// hashed is a query whose arguments have a hash.
// acquire is a wait for a connection, as pgx tells of it.
func acquire(from, to float64, size, used int) *point {
	p := acquireBy(from, to)
	p.start, p.stop = map[string]any{"db": map[string]any{"pool_size": size}}, map[string]any{"db": map[string]any{"pool_in_use": used}}
	return p
}

func acquireBy(from, to float64, kids ...*point) *point {
	return &point{name: "db_acquire", from: from, to: to, kids: kids, start: map[string]any{"db": map[string]any{}}}
}

func hashed(hash int, from, to float64) *point {
	p := queryRow(0, from, to)
	p.start = map[string]any{"db": map[string]any{"statement": "SELECT * FROM rows WHERE id = ?", "args_hash": 1000 + hash}}
	return p
}

// TestConfidence: that calls differ or are equal is measured where the record
// says so, and inferred where it does not.
func TestConfidence(t *testing.T) {
	for want, make := range map[findings.Confidence]func(i int, from, to float64) *point{
		findings.Measured: func(i int, from, to float64) *point { return hashed(i, from, to) },
		findings.Inferred: queryRow,
	} {
		res := find(t, page(9, times(8, 0, 1, 0, make)...))
		if len(res.Findings) != 1 || res.Findings[0].Confidence != want {
			t.Errorf("%+v, want %s", res.Findings, want)
		}
	}
}

// TestConfidenceOfFailure: that a failure above is the same one is inferred where a
// point between them did not fail.
func TestConfidenceOfFailure(t *testing.T) {
	fails := func(p *point, does bool) *point {
		if does {
			return p.failing("E", "no money")
		}
		return p
	}
	for name, c := range map[string]struct {
		failed []bool // from the top
		want   findings.Confidence
	}{
		"all":                       {[]bool{true, true, true}, findings.Measured},
		"not that in between":       {[]bool{true, false, true}, findings.Inferred},
		"not one of many":           {[]bool{true, true, false, true, true}, findings.Inferred},
		"not the top":               {[]bool{false, true, true}, findings.Measured},
		"not the top, and not one":  {[]bool{false, true, false, true}, findings.Inferred},
		"only the lowest":           {[]bool{false, false, true}, findings.Measured},
		"not the lowest, not a gap": {[]bool{true, true, false}, findings.Measured},
	} {
		t.Run(name, func(t *testing.T) {
			var p *point
			for i := len(c.failed) - 1; i >= 0; i-- {
				var kids []*point
				if p != nil {
					kids = append(kids, p)
				}
				p = fails(work("w"+string(rune('a'+i)), float64(i), float64(20-i), kids...), c.failed[i])
			}
			res := find(t, p)
			if len(res.Findings) == 0 || res.Findings[0].Kind != findings.Failure || res.Findings[0].Confidence != c.want {
				t.Errorf("%+v, want %s", res.Findings, c.want)
			}
		})
	}
}

// TestHashesOfTwoProcesses: they have seeds of their own, so that they differ says
// nothing.
func TestHashesOfTwoProcesses(t *testing.T) {
	res := find(t, page(9, times(8, 0, 1, 0, func(i int, from, to float64) *point { return hashed(i%2, from, to).on([]string{"a", "b"}[i%2]) })...))
	if len(res.Findings) != 1 || res.Findings[0].Confidence != findings.Inferred {
		t.Errorf("%+v", res.Findings)
	}
}

// TestSavesAtLeast: what a repeated call is sure to cost is known where both sides
// are recorded.
func TestSavesAtLeast(t *testing.T) {
	both := find(t, page(9, times(8, 0, 1, 0, func(_ int, from, to float64) *point { return rpc("stock", "/a.B/Get", from, to, .25) })...))
	one := find(t, page(9, times(8, 0, 1, 0, queryRow)...))
	if both.Findings[0].SavesMin != 3500*time.Microsecond || one.Findings[0].SavesMin != 0 {
		t.Errorf("at least %v and %v", both.Findings[0].SavesMin, one.Findings[0].SavesMin)
	}
}

// below hangs a point below another id.
func (p *point) below(id string) *point {
	p.above = id
	return p
}

func TestNow(t *testing.T) {
	r := trace(t, page(0, get("bank", "/pay", 1, 0).unended()).unended())
	res := findings.Find(r, findings.Options{Now: beginning.Add(3 * time.Second)})
	if len(res.Findings) != 1 || res.Findings[0].Text != "GET bank/pay (shop) has not ended: running for 3.00 s" || res.Head.Duration != 3*time.Second || res.Head.Ended {
		t.Errorf("%+v of %+v", res.Findings, res.Head)
	}
}
