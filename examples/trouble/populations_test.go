package main

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/profile"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// population is a service that is asked many times, and some of its answers take
// longer, for one reason.
type population struct {
	cause string // what is to be named first
	value string // "name=value" of an attribute that tells slow answers from fast ones

	// plant builds what is slow, and returns what each request does with it: slowly or
	// not, or so many times.
	plant func(s *site) func(ctx context.Context, slow bool, times int) error
}

// populations have their causes in real parts: queries of SQLite that read more or are
// slow, locks, servers that fail, sleep or are too late.
var populations = map[string]population{
	"a bimodal query": {cause: "SELECT max(name) FROM stock WHERE id <= ? (shop)", plant: func(s *site) func(context.Context, bool, int) error {
		db := s.database(map[string]time.Duration{"stock": s.slow / time.Duration(s.repeats)})
		return func(ctx context.Context, slow bool, _ int) error {
			_, err := lookUp(ctx, db, "SELECT max(name) FROM stock WHERE id <= ?", choose(slow, s.repeats, 1))
			return err
		}
	}},
	"a slow host": {cause: "Left (stock)", value: "host=db2", plant: func(s *site) func(context.Context, bool, int) error {
		on := func(host string, takes time.Duration) method {
			return s.serve(s.host("stock", host), "shop.Stock", "Left", func(context.Context, string) (string, error) {
				time.Sleep(takes)
				return "3", nil
			})
		}
		fast, slowly := on("db1", s.brief), on("db2", s.slow)
		return func(ctx context.Context, slow bool, _ int) error {
			_, err := choose(slow, slowly, fast)(ctx, "1")
			return err
		}
	}},
	"a cold cache": {cause: "SELECT name FROM pages WHERE id = ? (shop)", value: "cache=miss", plant: func(s *site) func(context.Context, bool, int) error {
		db := s.database(map[string]time.Duration{"pages": s.slow})
		return func(ctx context.Context, slow bool, _ int) error {
			return profiler.Trace(ctx, "load_page", func(ctx context.Context) (err error) {
				if slow {
					_, err = lookUp(ctx, db, "SELECT name FROM pages WHERE id = ?", 1)
				}
				return err
			}, slog.String("cache", choose(slow, "miss", "hit")))
		}
	}},
	"a lock": {cause: "lock_stock (shop)", plant: func(s *site) func(context.Context, bool, int) error {
		var stock sync.Mutex
		return func(ctx context.Context, slow bool, _ int) error {
			if slow { // somebody else has it
				stock.Lock()
				time.AfterFunc(s.slow, stock.Unlock)
			}
			return profiler.Trace(ctx, "lock_stock", func(context.Context) error {
				stock.Lock()
				defer stock.Unlock()
				return nil
			})
		}
	}},
	"a growing payload": {cause: "Upload (archive)", plant: func(s *site) func(context.Context, bool, int) error {
		upload := s.serve(s.service("archive"), "shop.Archive", "Upload", func(_ context.Context, doc string) (string, error) {
			time.Sleep(time.Duration(len(doc)>>10) * s.slow / 10)
			return "", nil
		})
		return func(ctx context.Context, _ bool, times int) error {
			_, err := upload(ctx, strings.Repeat("x", times<<10))
			return err
		}
	}},
	"retries": {cause: "Charge (bank)", plant: func(s *site) func(context.Context, bool, int) error {
		left := 0 // requests come one after the other
		charge := s.serve(s.service("bank"), "shop.Bank", "Charge", func(context.Context, string) (string, error) {
			time.Sleep(s.slow / 3)
			if left--; left >= 0 {
				return "", status.Error(codes.Unavailable, "try again")
			}
			return "charged", nil
		})
		return func(ctx context.Context, slow bool, _ int) (err error) {
			left = choose(slow, 4, 0)
			for range 5 {
				if _, err = charge(ctx, "1"); err == nil {
					break
				}
			}
			return err
		}
	}},
	"pauses outside of points": {cause: "GET /page/{id} (shop) itself", plant: func(s *site) func(context.Context, bool, int) error {
		return func(_ context.Context, slow bool, _ int) error {
			time.Sleep(choose(slow, s.slow, 0))
			return nil
		}
	}},
	"one slow shard": {cause: "SELECT name FROM items WHERE id = ? (shop)", value: "shard=2", plant: func(s *site) func(context.Context, bool, int) error {
		db := s.database(map[string]time.Duration{"items": s.brief})
		slowly := s.database(map[string]time.Duration{"items": s.slow})
		return func(ctx context.Context, slow bool, times int) error {
			return profiler.Trace(ctx, "read_shard", func(ctx context.Context) error {
				_, err := lookUp(ctx, choose(slow, slowly, db), "SELECT name FROM items WHERE id = ?", 1)
				return err
			}, slog.Int("shard", choose(slow, 2, times%2)))
		}
	}},
	"an N+1 that grows": {cause: "SELECT name FROM prices WHERE id = ? (shop)", plant: func(s *site) func(context.Context, bool, int) error {
		db := s.database(map[string]time.Duration{"prices": s.slow / 10})
		return func(ctx context.Context, _ bool, times int) error {
			for i := range times {
				if _, err := lookUp(ctx, db, "SELECT name FROM prices WHERE id = "+strconv.Itoa(1+i%s.repeats)); err != nil {
					return err
				}
			}
			return nil
		}
	}},
	"a timeout further down": {cause: "For (ads)", plant: func(s *site) func(context.Context, bool, int) error {
		ads := s.serve(s.service("ads"), "shop.Ads", "For", func(ctx context.Context, slowly string) (string, error) {
			if slowly == "true" {
				<-ctx.Done()
			}
			return "buy this", ctx.Err()
		})
		return func(ctx context.Context, slow bool, _ int) error {
			ctx, cancel := context.WithTimeout(ctx, choose(slow, s.slow, time.Minute))
			defer cancel()
			_, _ = ads(ctx, strconv.FormatBool(slow)) // the page does without
			return nil
		}
	}},
}

func choose[T any](first bool, a, b T) T {
	if first {
		return a
	}
	return b
}

// host is a service on a host of that name.
func (s *site) host(service, host string) *profiler.Service {
	svc, err := profiler.New(profiler.Config{Name: service, Host: host, Project: "trouble", Keys: s.keys, Sink: s.store})
	if s.check(err); err != nil {
		return nil
	}
	s.services = append(s.services, svc)
	return svc
}

// TestPopulations: of each population the cause is named first, and so is the attribute
// that tells slow from fast. What the machine does besides is noise, so that a second and
// a third try plant more.
func TestPopulations(t *testing.T) {
	for name, of := range populations {
		t.Run(name, func(t *testing.T) {
			seed := rand.Uint64()
			z, said := small, ""
			for range 3 {
				z.slow *= 2
				e := explain(t, of, z, seed)
				said = e.Text
				found := of.value == ""
				for _, c := range e.Causes {
					for _, v := range c.Separates {
						found = found || v.Name+"="+v.Text == of.value
					}
				}
				if len(e.Causes) > 0 && e.Causes[0].Path.Own() == of.cause && strings.Contains(said, of.cause) && found {
					t.Log(said)
					return
				}
			}
			t.Errorf("seed %d: %q is to be named first, with %q: %s", seed, of.cause, of.value, said)
		})
	}
}

// explain asks for a page 40 times, a quarter of them slowly.
func explain(t *testing.T, of population, z size, seed uint64) profile.Explanation {
	t.Helper()
	ctx := context.Background()
	s := newSite(ctx, z)
	defer s.close()
	work := of.plant(s)
	db := s.database(map[string]time.Duration{"users": s.brief})
	var slow bool
	var times int
	url := s.web(s.service("shop"), "GET /page/{id}", func(ctx context.Context, id string) (string, error) {
		if _, err := lookUp(ctx, db, "SELECT name FROM users WHERE id = ?", id); err != nil {
			return "", err
		}
		return "the page", work(ctx, slow, times)
	})
	var traces []string
	rnd := rand.New(rand.NewPCG(seed, 0))
	for i := range 40 {
		slow, times = rnd.IntN(4) == 0, 1+int(rnd.ExpFloat64()*5)
		if err := s.want(ctx, url+fmt.Sprint("/page/", 1+i%s.repeats), 200); err != nil {
			t.Fatal(err)
		}
		traces = append(traces, s.trace)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	p := profile.New()
	for _, id := range traces {
		r, err := report.Build(s.store.Records(ctx, id))
		if err != nil {
			t.Fatal(err)
		}
		p.Add(r)
	}
	return p.Explain(p.Kinds()[0])
}
