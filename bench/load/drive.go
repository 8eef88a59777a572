package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sonde-go/sonde/header"
	"go.opentelemetry.io/otel/trace"
)

// clients is how many requests are under way at a time.
const clients = 4

var keys = must(header.ParseKeys(key))

// mark puts a new trace's headers of both kinds into a request: each shop heeds its
// own, and all get requests of the same length.
func mark(r *http.Request) {
	id := header.NewID()
	s := keys.Primary().Sign(header.Info{BaseID: id, ParentID: id})
	r.Header[header.InfoName] = []string{s.Info}
	r.Header[header.HMACName] = []string{s.HMAC}
	u, _ := id.UUID()
	r.Header.Set("traceparent", fmt.Sprintf("00-%s-%s-01", trace.TraceID(u), trace.SpanID(u[8:])))
}

// round is what one burst of requests was like.
type round struct {
	throughput float64 // requests a second
	p50, p99   time.Duration
	cpu        float64 // nanoseconds of the shop for a request
	used       cost    // afterwards
}

// drive sends n requests, of which each hundredth part in percent is marked.
func drive(ctx context.Context, c *child, n, percent int) (round, error) {
	before, err := c.cost(ctx, "")
	if err != nil {
		return round{}, err
	}
	took := make([]time.Duration, n)
	var next atomic.Int64
	var failed atomic.Pointer[error]
	transport := &http.Transport{MaxIdleConnsPerHost: clients}
	defer transport.CloseIdleConnections()
	var wg sync.WaitGroup
	began := time.Now()
	for range clients {
		wg.Go(func() {
			for failed.Load() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				sent := time.Now()
				if err := order(ctx, transport, c.url, i%100 < percent); err != nil {
					failed.Store(&err)
				}
				took[i] = time.Since(sent)
			}
		})
	}
	wg.Wait()
	all := time.Since(began)
	if err := failed.Load(); err != nil {
		return round{}, *err
	}
	used, err := c.cost(ctx, "")
	if err != nil {
		return round{}, err
	}
	slices.Sort(took)
	return round{
		throughput: float64(n) / all.Seconds(),
		p50:        took[n/2], p99: took[n*99/100],
		cpu:  float64(used.CPU-before.CPU) / float64(n),
		used: used,
	}, nil
}

func order(ctx context.Context, t http.RoundTripper, url string, marked bool) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/orders/widget?count=3", nil)
	if err != nil {
		return err
	}
	if marked {
		mark(r)
	}
	res, err := t.RoundTrip(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("the shop answers %s: %s", res.Status, body)
	}
	return err
}
