package evidence

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-kit/kit/examples/shipping/booking"
	"github.com/go-kit/kit/examples/shipping/cargo"
	"github.com/go-kit/kit/examples/shipping/handling"
	"github.com/go-kit/kit/examples/shipping/inmem"
	"github.com/go-kit/kit/examples/shipping/inspection"
	"github.com/go-kit/kit/examples/shipping/routing"
	"github.com/go-kit/kit/examples/shipping/tracking"
	kitlog "github.com/go-kit/kit/log"
	openfgav1 "github.com/openfga/api/proto/openfga/v1"
	"github.com/openfga/language/pkg/go/transformer"
	"github.com/openfga/openfga/pkg/logger"
	fga "github.com/openfga/openfga/pkg/server"
	"github.com/openfga/openfga/pkg/storage/migrate"
	"github.com/openfga/openfga/pkg/storage/sqlcommon"
	"github.com/openfga/openfga/pkg/storage/sqlite"
	"google.golang.org/grpc"

	"github.com/sonde-go/sonde/examples/internal/shop"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/report/findings"
	"github.com/sonde-go/sonde/sqltrace"
)

// healthy is a service with no cause planted.
type healthy struct {
	name string

	// open starts it and returns what one request of the front does there.
	open func(k *kit, off time.Duration) (visit func(ctx context.Context, n int) error)
}

var healthies = []healthy{
	{"shop", openShop},
	{"OpenFGA", openFGA},
	{"shipping", openShipping},
}

// openShop has the front order in the shop of this repository: HTTP, gRPC, SQLite
// and NATS.
func openShop(k *kit, off time.Duration) func(context.Context, int) error {
	s, err := shop.Open(func(name string) (*profiler.Service, error) { return k.service(name, off), nil })
	if err != nil {
		k.t.Fatal(err)
	}
	closed := make(chan struct{})
	var receiving sync.WaitGroup
	receiving.Go(func() { // so that the worker goes on
		for {
			select {
			case <-s.Written:
			case <-closed:
				return
			}
		}
	})
	k.t.Cleanup(func() {
		if err := s.Close(); err != nil {
			k.t.Error(err)
		}
		close(closed)
		receiving.Wait()
	})
	return func(ctx context.Context, n int) error {
		_, err := k.get(ctx, http.MethodGet, fmt.Sprintf("%s/orders/widget?count=%d", s.URL, 1+n%5), "")
		return err
	}
}

const rules = `
model
  schema 1.1
type user
type group
  relations
    define member: [user]
type document
  relations
    define owner: [user]
    define viewer: [user, group#member] or owner
`

// openFGA has the front ask OpenFGA, an authorization service: gRPC and SQLite.
func openFGA(k *kit, off time.Duration) func(context.Context, int) error {
	uri := "file:" + filepath.Join(k.t.TempDir(), "fga.db")
	must := func(err error) {
		k.t.Helper()
		if err != nil {
			k.t.Fatal(err)
		}
	}
	must(migrate.RunMigrations(migrate.MigrationConfig{Engine: "sqlite", URI: uri, Timeout: time.Minute, PingTimeout: time.Minute}))
	dsn, err := sqlite.PrepareDSN(uri)
	must(err)
	db, err := sqltrace.Open("sqlite", dsn)
	must(err)
	store, err := sqlite.NewWithDB(db, sqlcommon.NewConfig(sqlcommon.WithLogger(logger.NewNoopLogger())))
	must(err)
	server, err := fga.NewServerWithOpts(fga.WithDatastore(store))
	must(err)
	k.t.Cleanup(func() {
		server.Close()
		store.Close()
	})
	conn := k.grpc(k.service("fga", off), func(s *grpc.Server) { openfgav1.RegisterOpenFGAServiceServer(s, server) })
	client := openfgav1.NewOpenFGAServiceClient(conn)

	ctx := k.t.Context()
	made, err := client.CreateStore(ctx, &openfgav1.CreateStoreRequest{Name: "evidence"})
	must(err)
	model, err := transformer.TransformDSLToProto(rules)
	must(err)
	written, err := client.WriteAuthorizationModel(ctx, &openfgav1.WriteAuthorizationModelRequest{
		StoreId: made.GetId(), TypeDefinitions: model.GetTypeDefinitions(), SchemaVersion: model.GetSchemaVersion(),
	})
	must(err)
	write := func(ctx context.Context, object, relation, user string) error {
		_, err := client.Write(ctx, &openfgav1.WriteRequest{
			StoreId: made.GetId(), AuthorizationModelId: written.GetAuthorizationModelId(),
			Writes: &openfgav1.WriteRequestWrites{TupleKeys: []*openfgav1.TupleKey{{Object: object, Relation: relation, User: user}}},
		})
		return err
	}
	for i := range 20 {
		must(write(ctx, fmt.Sprintf("group:g%d", i%4), "member", fmt.Sprintf("user:u%d", i)))
		must(write(ctx, fmt.Sprintf("document:d%d", i), "viewer", fmt.Sprintf("group:g%d#member", i%4)))
	}
	var owners atomic.Int64
	return func(ctx context.Context, n int) error {
		if n%3 == 0 {
			if err := write(ctx, fmt.Sprintf("document:d%d", n%20), "owner", fmt.Sprintf("user:o%d", owners.Add(1))); err != nil {
				return err
			}
		}
		if n%2 == 0 {
			_, err := client.Read(ctx, &openfgav1.ReadRequest{StoreId: made.GetId(), TupleKey: &openfgav1.ReadRequestTupleKey{Object: fmt.Sprintf("document:d%d", n%20)}})
			if err != nil {
				return err
			}
		}
		res, err := client.Check(ctx, &openfgav1.CheckRequest{
			StoreId: made.GetId(), AuthorizationModelId: written.GetAuthorizationModelId(),
			TupleKey: &openfgav1.CheckRequestTupleKey{Object: fmt.Sprintf("document:d%d", n%20), Relation: "viewer", User: fmt.Sprintf("user:u%d", n%20)},
		})
		if err == nil && !res.GetAllowed() {
			err = fmt.Errorf("user:u%d may not see document:d%d", n%20, n%20)
		}
		return err
	}
}

// openShipping has the front book a cargo with the shipping service of Go kit and
// look at it: HTTP.
func openShipping(k *kit, off time.Duration) func(context.Context, int) error {
	cargos, locations, events := inmem.NewCargoRepository(), inmem.NewLocationRepository(), inmem.NewHandlingEventRepository()
	factory := cargo.HandlingEventFactory{CargoRepository: cargos, VoyageRepository: inmem.NewVoyageRepository(), LocationRepository: locations}
	log := kitlog.NewNopLogger()
	var routes routing.Service
	mux := http.NewServeMux()
	mux.Handle("/booking/v1/", booking.MakeHandler(booking.NewService(cargos, locations, events, routes), log))
	mux.Handle("/tracking/v1/", tracking.MakeHandler(tracking.NewService(cargos, events), log))
	mux.Handle("/handling/v1/", handling.MakeHandler(handling.NewService(events, factory, handling.NewEventHandler(inspection.NewService(cargos, events, nil))), log))
	url := k.web(k.service("shipping", off), mux)
	return func(ctx context.Context, n int) error {
		answer, err := k.get(ctx, http.MethodPost, url+"/booking/v1/cargos", fmt.Sprintf(`{"origin": "SESTO", "destination": "CNHKG", "arrival_deadline": "2030-01-%02dT00:00:00Z"}`, 1+n%28))
		if err != nil {
			return err
		}
		var booked struct {
			ID string `json:"tracking_id"`
		}
		if err := json.Unmarshal([]byte(answer), &booked); err != nil {
			return fmt.Errorf("%w: %s", err, answer)
		}
		for _, path := range []string{"/booking/v1/cargos/", "/tracking/v1/cargos/"} {
			if _, err := k.get(ctx, http.MethodGet, url+path+booked.ID, ""); err != nil {
				return err
			}
		}
		return nil
	}
}

// front asks the Python service, then the healthy one, and the Python service once
// more.
func (k *kit) front(name string, visit func(context.Context, int) error, off time.Duration) (url string) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /visit/{n}", func(w http.ResponseWriter, r *http.Request) {
		_, err := k.quote(r.Context(), 0)
		if err == nil {
			err = visit(r.Context(), number(r.PathValue("n")))
		}
		if err == nil {
			_, err = k.quote(r.Context(), 0)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	return k.web(k.service("front-"+name, off), mux) + "/visit/"
}

// atOnce is how many requests are under way at a time.
const atOnce = 6

// quiet is what was found in traces of one service with no cause planted.
type quiet struct {
	name           string
	traces, points int
	longest        time.Duration
	kinds          map[findings.Kind]int // traces that have one
	stood          time.Duration         // the longest that this process did not get to run
	shifts, known  int                   // clocks that were said to be off, and those whose offset is within the bound
}

// calm is how long a process may not get to run without leaving a gap: half of what
// is one. Where the machine gives it to others for longer, a gap is there indeed.
const calm = 25 * time.Millisecond

// TestHealthy: in traces with no cause planted no repeated calls are found, and no
// gap while the machine lets the services run: under load, and with clocks that
// differ a little.
func TestHealthy(t *testing.T) {
	rng := rand.New(rand.NewPCG(*seed, 2))
	var all []quiet
	for i, h := range healthies {
		n := (*untouched + i) / (len(healthies) + 1)
		t.Run(h.name, func(t *testing.T) {
			k := newKit(t, rng, farOff)
			front := k.front(strings.ToLower(h.name), h.open(k, farOff), farOff)
			all = append(all, k.record(h.name, n, front))
		})
	}
	t.Run("storefront", func(t *testing.T) {
		k := newKit(t, rng, farOff)
		s := newSite(t, k, farOff)
		all = append(all, k.record("storefront", (*untouched+len(healthies))/(len(healthies)+1), s.url+"/checkout/"))
	})
	t.Logf("seed %d\n%s", *seed, silence(all))
}

// record keeps n traces of requests, of which several are under way at once, and
// looks for what is not there.
func (k *kit) record(name string, n int, url string) quiet {
	k.t.Helper()
	warm := header.NewID()
	if err := k.ask(k.t.Context(), warm, url+"0", http.StatusOK); err != nil { // connections are made
		k.t.Fatal(err)
	}
	ids := make([]header.ID, n)
	next := make(chan int)
	var asking sync.WaitGroup
	for range atOnce {
		asking.Go(func() {
			for i := range next {
				ids[i] = header.NewID()
				if err := k.ask(k.t.Context(), ids[i], url+strconv.Itoa(i), http.StatusOK); err != nil {
					k.t.Error(err)
				}
			}
		})
	}
	stop, stood := make(chan struct{}), make(chan time.Duration, 1)
	go func() { stood <- standing(stop) }()
	for i := range n {
		next <- i
	}
	close(next)
	asking.Wait()
	close(stop)
	q := quiet{name: name, traces: n, kinds: map[findings.Kind]int{}, stood: <-stood}
	for _, id := range ids {
		r := k.finished(id)
		q.points += r.Len()
		q.longest = max(q.longest, r.Duration())
		if !slices.Contains(r.Services(), "quotes") {
			k.t.Errorf("trace %s has no point of Python", id)
		}
		said := map[findings.Kind]bool{}
		res := findings.Find(r, findings.Options{})
		for _, shift := range res.Shifts {
			q.shifts++
			off := k.clocks[shift.Against+"-1"].offset() - k.clocks[shift.Host].offset()
			if shift.Corrected && (shift.By-off).Abs() <= shift.Bound {
				q.known++
			} else {
				k.t.Errorf("trace %s: the clock of %s has to be put on by %v, not by %v ± %v", id, shift.Host, off, shift.By, shift.Bound)
			}
		}
		for _, f := range res.Findings {
			said[f.Kind] = true
			if f.Kind == findings.Repeated || f.Kind == findings.Gap && q.stood < calm {
				k.t.Errorf("trace %s: %s: %s", id, f.Kind, f.Text)
			}
		}
		for kind := range said {
			q.kinds[kind]++
		}
	}
	return q
}

// standing is the longest that this process did not get to run until stop: how late
// something that wants to run each millisecond is.
func standing(stop <-chan struct{}) (longest time.Duration) {
	for {
		began := time.Now()
		select {
		case <-stop:
			return longest
		case <-time.After(time.Millisecond):
			longest = max(longest, time.Since(began)-time.Millisecond)
		}
	}
}

// silence is the table of traces with no cause planted.
func silence(all []quiet) string {
	var b strings.Builder
	fmt.Fprintln(&b, "| service | traces | points | longest | stood still at most | repeated | gap | clocks said to be off | of these within the bound | other kinds |")
	fmt.Fprintln(&b, "|---|---:|---:|---:|---:|---:|---:|---:|---:|---|")
	sum := quiet{name: "all", kinds: map[findings.Kind]int{}}
	for _, q := range all {
		q.row(&b)
		sum.traces, sum.points, sum.longest = sum.traces+q.traces, sum.points+q.points, max(sum.longest, q.longest)
		sum.stood = max(sum.stood, q.stood)
		sum.shifts, sum.known = sum.shifts+q.shifts, sum.known+q.known
		for kind, n := range q.kinds {
			sum.kinds[kind] += n
		}
	}
	sum.row(&b)
	return b.String()
}

func (q *quiet) row(b *strings.Builder) {
	var others []string
	for _, kind := range slices.Sorted(maps.Keys(q.kinds)) {
		if kind != findings.Repeated && kind != findings.Gap && kind != findings.Skew {
			others = append(others, fmt.Sprintf("%s %d", kind, q.kinds[kind]))
		}
	}
	fmt.Fprintf(b, "| %s | %d | %d | %s | %s | %d | %d | %d | %d | %s |\n", q.name, q.traces, q.points,
		q.longest.Round(time.Millisecond), q.stood.Round(time.Millisecond),
		q.kinds[findings.Repeated], q.kinds[findings.Gap], q.shifts, q.known, strings.Join(others, ", "))
}
