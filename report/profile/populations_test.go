package profile_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/report/profile"
)

// population is traces of GET /cart in which one thing is made to vary.
//
// They are synthetic: points are drawn by lot and never ran.
type population struct {
	name  string
	cause string // what is to be named first
	says  string // a part of the sentence besides it
	value string // of an attribute that separates, "name=value"
	trace func(rnd *rand.Rand, slow bool) *point
}

// cart is a request that asks a user, a few prices, stock and a recommendation, each
// with a jitter of its own, after what plant does.
func cart(rnd *rand.Rand, plant ...*point) *point {
	jitter := func(ms float64) float64 { return ms * math.Exp(0.5*rnd.NormFloat64()) }
	kids := []*point{query("SELECT name FROM users WHERE id = ?", jitter(1))}
	kids = append(kids, plant...)
	kids = append(kids,
		get("prices", "/prices", jitter(0.4), served("prices", "GET", "/prices", query("SELECT price FROM prices WHERE sku = ?", jitter(2)))),
		work("render", jitter(1.5)),
	)
	return served("shop", "GET", "/cart", kids...).own(jitter(1))
}

var populations = []population{
	{"bimodal query", "SELECT n FROM stock WHERE sku = ? (shop)", "", "", func(rnd *rand.Rand, slow bool) *point {
		return cart(rnd, query("SELECT n FROM stock WHERE sku = 7", pick(slow, 200.0, 3)))
	}},
	{"slow host", "GET /stock (stock)", "host db2", "host=db2", func(rnd *rand.Rand, slow bool) *point {
		return cart(rnd, get("stock", "/stock", 0.3, served("stock", "GET", "/stock").own(pick(slow, 90.0, 4)).on(pick(slow, "db2", "db1"))))
	}},
	{"cold cache", "SELECT page FROM pages WHERE id = ? (shop)", "cache=miss of load", "cache=miss", func(rnd *rand.Rand, slow bool) *point {
		load := work("load", 0.2).with("cache", pick(slow, "miss", "hit"))
		if slow {
			load.kids = []*point{query("SELECT page FROM pages WHERE id = 3", 60+rnd.Float64()*20)}
		}
		return cart(rnd, load)
	}},
	{"lock", "lock stock (shop)", "", "", func(rnd *rand.Rand, slow bool) *point {
		return cart(rnd, work("lock stock", rnd.ExpFloat64()*pick(slow, 80.0, 1)), query("UPDATE stock SET n = n - 1 WHERE sku = 4", 2))
	}},
	{"growing payload", "marshal (shop)", "", "", func(rnd *rand.Rand, _ bool) *point {
		size := rnd.ExpFloat64() * 100
		return cart(rnd, query("SELECT doc FROM docs WHERE id = ?", 1+size/50), work("marshal", size))
	}},
	{"retries", "POST pay/charge (shop)", "a trace instead of ×1", "", func(rnd *rand.Rand, slow bool) *point {
		var calls []*point
		for range pick(slow, 4, 1) {
			calls = append(calls, call("POST", "pay", "/charge", 25+rnd.Float64()*5))
		}
		return cart(rnd, calls...)
	}},
	{"pauses like those of a collector", "GET /cart (shop) itself", "", "", func(rnd *rand.Rand, slow bool) *point {
		p := cart(rnd)
		return p.own(pick(slow, 40+rnd.Float64()*40, 1))
	}},
	{"one slow shard", "SELECT n FROM stock WHERE sku = ? (shop)", "", "shard=3", func(rnd *rand.Rand, slow bool) *point {
		shard := pick(slow, 3, rnd.IntN(3))
		return cart(rnd, query("SELECT n FROM stock WHERE sku = ?", pick(slow, 50.0, 2)+rnd.Float64()*3).with("shard", shard))
	}},
	{"N+1 that grows with n", "SELECT price FROM items WHERE id = ? (shop)", "a trace instead of ×", "", func(rnd *rand.Rand, _ bool) *point {
		var queries []*point
		for i := range 1 + int(rnd.ExpFloat64()*20) {
			queries = append(queries, query(fmt.Sprint("SELECT price FROM items WHERE id = ", i), 1.5+rnd.Float64()))
		}
		return cart(rnd, queries...)
	}},
	{"timeout of what is downstream", "GET ads/ads (shop)", "", "outcome=timeout", func(rnd *rand.Rand, slow bool) *point {
		ads := get("ads", "/ads", pick(slow, 500, 5+rnd.Float64()*3))
		if slow {
			ads.stop["outcome"] = "timeout"
		}
		return cart(rnd, ads)
	}},
}

func pick[T any](slow bool, yes, no T) T {
	if slow {
		return yes
	}
	return no
}

// TestPopulations: of each population the planted cause is named first, in the words
// and with the attribute that separates slow traces from fast ones.
func TestPopulations(t *testing.T) {
	for _, of := range populations {
		t.Run(of.name, func(t *testing.T) {
			seed := rand.Uint64()
			rnd := rand.New(rand.NewPCG(seed, 0))
			p := profile.New()
			for i := range 300 {
				p.Add(build(t, i, of.trace(rnd, rnd.Float64() < 0.2)))
			}
			e := p.Explain(p.Kinds()[0])
			if len(e.Causes) == 0 || e.Traces != 300 {
				t.Fatalf("seed %d: %s", seed, e.Text)
			}
			if got := e.Causes[0].Path.Own(); got != of.cause {
				t.Errorf("seed %d: %q is named first, and not %q\n%s", seed, got, of.cause, e.Text)
			}
			if !strings.Contains(e.Text, of.cause) || !strings.Contains(e.Text, of.says) || e.Causes[0].Share < 0.5 {
				t.Errorf("seed %d: %s", seed, e.Text)
			}
			found := of.value == ""
			for i := range e.Causes {
				for _, v := range e.Causes[i].Separates {
					found = found || v.Name+"="+v.Text == of.value
				}
			}
			if !found {
				t.Errorf("seed %d: %s does not separate: %+v", seed, of.value, e.Causes[0].Separates)
			}
			t.Log(e.Text)
		})
	}
}

// TestNothingVaries: where nothing is planted, no attribute is blamed.
func TestNothingVaries(t *testing.T) {
	p := profile.New()
	for i := range 40 {
		p.Add(build(t, i, served("shop", "GET", "/cart", query("SELECT 1", 2)).own(1)))
	}
	if e := p.Explain(p.Kinds()[0]); len(e.Causes) != 0 || e.Text != "GET /cart: 40 traces, p50 3.00 ms, p95 3.00 ms; all took the same time" {
		t.Errorf("%+v", e)
	}
	few := profile.New()
	for i := range profile.MinTraces - 1 {
		few.Add(build(t, i, served("shop", "GET", "/cart").own(float64(i+1))))
	}
	if e := few.Explain(few.Kinds()[0]); len(e.Causes) != 0 || !strings.HasSuffix(e.Text, "no cause is named of fewer than 10") {
		t.Errorf("%+v", e)
	}
}
