// The shop shows one request on its way through three services: an HTTP
// gateway (gorilla/mux) asks the inventory by gRPC, which looks into its
// database (sqlx); the order goes out over NATS, and a worker writes it down.
// All three record into one store.
//
// Nothing but Go is needed: the NATS server runs inside of this program, the
// databases are SQLite files.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/sonde-go/sonde"
	"github.com/sonde-go/sonde/drivers"
	_ "github.com/sonde-go/sonde/drivers/sqlite"
	"github.com/sonde-go/sonde/examples/internal/shop"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/html"
	"github.com/sonde-go/sonde/report/text"
)

const demoKey = "the shop's secret"

func main() {
	store := flag.String("connection-string", sonde.DefaultConnectionString, "`URL` of the store for the trace")
	page := flag.String("html", "sonde.html", "`FILE` for the page of the trace")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *store, *page, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "shop:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, store, page string, out io.Writer) error {
	d := &demo{}
	defer d.close()
	if err := d.open(ctx, store); err != nil {
		return err
	}
	keys, err := header.ParseKeys(demoKey)
	if err != nil {
		return err
	}
	// The trace has the id that the request has anyway.
	base, _ := header.FromUUID(uuid.New())
	fmt.Fprintln(out, "GET "+d.URL+"/orders/widget?count=3, signed")
	if err := d.order(ctx, keys.Primary(), base); err != nil {
		return err
	}
	fmt.Fprintln(out, "GET "+d.URL+"/orders/widget?count=3, not signed")
	if err := d.order(ctx, nil, header.ID{}); err != nil {
		return err
	}
	traced, err := d.close()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d of 2 requests was traced; the other one left no record.\n\n", traced)
	if err := show(ctx, store, base.String(), page, out); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nA page for a browser is in %s.\nThe trace is kept in %s. To look at it again:\n  go run ./cmd/sonde trace show %s\n  go run ./cmd/sonde trace list\n", page, drivers.Redact(store), base)
	return nil
}

// demo is the shop and its services.
type demo struct {
	*shop.Shop
	services []*profiler.Service // the gateway is the first
}

func (d *demo) open(ctx context.Context, store string) (err error) {
	d.Shop, err = shop.Open(func(name string) (*profiler.Service, error) {
		svc, err := sonde.New(ctx, name, func(c *sonde.Config) { // which the demo does not leave to the environment
			c.Enabled, c.HMACKeys, c.ConnectionString, c.Project = true, demoKey, store, "shop"
		})
		if err == nil {
			d.services = append(d.services, svc)
		}
		return svc, err
	})
	return err
}

// close ends everything, the services after what uses them, so that all they
// have recorded is stored. It says how many requests the gateway has traced.
func (d *demo) close() (traced uint64, err error) {
	if d.Shop != nil {
		err = d.Shop.Close()
	}
	for _, svc := range d.services {
		err = errors.Join(err, svc.Close(context.Background()))
	}
	if len(d.services) > 0 {
		traced = d.services[0].Stats().Traces
	}
	return traced, err
}

// order sends one request, with signed headers if there is a key, and waits
// until the worker has written the order down.
func (d *demo) order(ctx context.Context, key *header.Key, base header.ID) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, d.URL+"/orders/widget?count=3", nil)
	if err != nil {
		return err
	}
	if key != nil {
		r.Header.Set("X-Request-Id", base.String())
		key.Sign(header.Info{BaseID: base}).Write(r.Header)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusAccepted {
		return fmt.Errorf("the gateway answers %s: %s", res.Status, strings.TrimSpace(string(body)))
	}
	select {
	case <-d.Written:
		return nil
	case <-time.After(10 * time.Second):
		return errors.New("the worker does not write the order down")
	case <-ctx.Done():
		return ctx.Err()
	}
}

// show prints the waterfall of a trace, and writes its page.
func show(ctx context.Context, store, base, page string, out io.Writer) error {
	d, err := drivers.Open(ctx, store, drivers.Options{})
	if err != nil {
		return err
	}
	defer d.Close()
	r, err := report.Build(d.Records(ctx, base))
	if err != nil {
		return err
	}
	if err := text.Write(out, r, report.Options{}); err != nil {
		return err
	}
	file, err := os.Create(page)
	if err != nil {
		return err
	}
	return errors.Join(html.Write(file, r, report.Options{}), file.Close())
}
