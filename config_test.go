package sonde_test

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde"
	"github.com/sonde-go/sonde/drivers"
	_ "github.com/sonde-go/sonde/drivers/memory"
	_ "github.com/sonde-go/sonde/drivers/sqlite"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	"github.com/sonde-go/sonde/record"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOpen(t *testing.T) {
	ctx := context.Background()
	store, err := drivers.Open(ctx, "memory://config-test", drivers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	svc, err := sonde.Open(ctx, sonde.Config{
		Enabled: true, HMACKeys: "k1", ConnectionString: "memory://config-test", Service: "api", Project: "shop",
	})
	if err != nil {
		t.Fatal(err)
	}
	_, p := svc.Begin(ctx, profiler.Opening{Name: "job"})
	base := ""
	p.Stop()
	if err := svc.Close(ctx); err != nil {
		t.Fatal(err)
	}
	for tr, err := range store.Traces(ctx, drivers.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		base = tr.ID
	}
	n := 0
	for r, err := range store.Records(ctx, base) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Service == nil || *r.Service != "api" || r.Project == nil || *r.Project != "shop" {
			t.Errorf("%+v", r)
		}
		n++
	}
	if n != 2 {
		t.Errorf("%d records of %q", n, base)
	}
}

func TestOpenRefuses(t *testing.T) {
	good := sonde.Config{Enabled: true, HMACKeys: "k1", ConnectionString: "memory://", Service: "api"}
	for name, c := range map[string]struct {
		change func(*sonde.Config)
		want   string
	}{
		"no service":     {func(c *sonde.Config) { c.Service = "" }, "no name"},
		"no key":         {func(c *sonde.Config) { c.HMACKeys = " , " }, "HMACKeys"},
		"default key":    {func(c *sonde.Config) { c.HMACKeys = "SECRET_KEY" }, "SECRET_KEY"},
		"unknown scheme": {func(c *sonde.Config) { c.ConnectionString = "gopher://u:hunter2@h" }, "gopher"},
	} {
		cfg := good
		c.change(&cfg)
		svc, err := sonde.Open(context.Background(), cfg)
		if err == nil {
			_ = svc.Close(context.Background())
			t.Errorf("%s is taken", name)
			continue
		}
		if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDisabled(t *testing.T) {
	svc, err := sonde.Open(context.Background(), sonde.Config{Service: "api", HMACKeys: "k1", ConnectionString: "gopher://"})
	if err != nil {
		t.Fatal(err)
	}
	defer svc.Close(context.Background())
	keys, _ := header.ParseKeys("k1")
	h := http.Header{}
	keys.Primary().Sign(header.Info{BaseID: header.NewID()}).Write(h)
	if in := svc.Receive(t.Context(), profiler.Arrival{Layer: "http", Kind: layer.Server}, h); in.Traced() {
		t.Error("a request is traced by a disabled Service")
	}
}

func TestFromEnv(t *testing.T) {
	for k, v := range map[string]string{
		"OS_PROFILER__ENABLED": "yes", "OS_PROFILER__HMAC_KEYS": "a,b",
		"OSPROFILER_CONNECTION_STRING":    "redis://localhost",
		"OS_PROFILER__SOCKET_TIMEOUT":     "0.25",
		"OS_PROFILER__FILTER_ERROR_TRACE": "On", "OS_PROFILER__SENTINEL_SERVICE_NAME": "m",
		"OS_PROFILER__ES_DOC_TYPE": "t", "OS_PROFILER__ES_SCROLL_TIME": "90s", "OS_PROFILER__ES_SCROLL_SIZE": "500",
		"SONDE_SERVICE": "api", "SONDE_PROJECT": "shop", "SONDE_HOST": "h",
	} {
		t.Setenv(k, v)
	}
	got, err := sonde.FromEnv()
	if err != nil {
		t.Fatal(err)
	}
	if !got.Enabled || got.HMACKeys != "a,b" || got.ConnectionString != "redis://localhost" ||
		got.Options.SocketTimeout != 250*time.Millisecond || !got.Options.FilterErrorTrace || !maps.Equal(got.Options.Params, map[string]string{
		"sentinel_service_name": "m", "doc_type": "t", "scroll_time": "90s", "scroll_size": "500",
	}) ||
		got.Service != "api" || got.Project != "shop" || got.Host != "h" {
		t.Errorf("%+v", got)
	}
	t.Setenv("OS_PROFILER__CONNECTION_STRING", "memory://")
	if got, _ := sonde.FromEnv(); got.ConnectionString != "memory://" {
		t.Errorf("the option's own variable does not win: %s", got.ConnectionString)
	}
	for _, bad := range [][2]string{
		{"OS_PROFILER__ENABLED", "perhaps"}, {"OS_PROFILER__FILTER_ERROR_TRACE", "2"},
		{"OS_PROFILER__SOCKET_TIMEOUT", "soon"}, {"OS_PROFILER__SOCKET_TIMEOUT", "-1"}, {"OS_PROFILER__SOCKET_TIMEOUT", "NaN"},
		{"OS_PROFILER__ES_SCROLL_TIME", "0"}, {"OS_PROFILER__ES_SCROLL_TIME", "-2m"}, {"OS_PROFILER__ES_SCROLL_SIZE", "0"}, {"OS_PROFILER__ES_SCROLL_SIZE", "many"},
	} {
		t.Run(bad[0]+" "+bad[1], func(t *testing.T) {
			t.Setenv(bad[0], bad[1])
			if _, err := sonde.FromEnv(); err == nil || !strings.Contains(err.Error(), bad[0]) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestOpenMoreStores: each store has every record, and the Service's Close closes
// all of them. One that cannot be opened is an error.
func TestOpenMoreStores(t *testing.T) {
	ctx := context.Background()
	var stores []*drivers.Store
	for _, url := range []string{"memory://first", "memory://second", "memory://third"} {
		d, err := drivers.Open(ctx, url, drivers.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		stores = append(stores, d)
	}
	c := sonde.Config{Enabled: true, HMACKeys: "k1", ConnectionString: "memory://first", Service: "api"}
	if err := c.Set("more_connection_strings", " memory://second\n\tmemory://third "); err != nil {
		t.Fatal(err)
	}
	svc, err := sonde.Open(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	base := header.NewID()
	_, p := svc.BeginAs(ctx, base, profiler.Opening{Name: "job"})
	p.Stop()
	if err := svc.Close(ctx); err != nil {
		t.Fatal(err)
	}
	for i, d := range stores {
		n := 0
		for _, err := range d.Records(ctx, base.String()) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n != 2 {
			t.Errorf("store %d has %d records", i, n)
		}
		if got := svc.Stats().Sinks[i]; got.Sink != d.URL() || got.Acknowledged != 2 {
			t.Errorf("%+v", got)
		}
	}
	c.MoreConnectionStrings = []string{"memory://second", "nothing://host"}
	if svc, err := sonde.Open(ctx, c); err == nil {
		t.Error("a store that cannot be opened is no error")
		_ = svc.Close(ctx)
	}
}

// TestDetail: what the options say is what the Service records, and a text that makes
// no sense is named.
func TestDetail(t *testing.T) {
	c := sonde.Config{Enabled: true, HMACKeys: "k1", ConnectionString: "memory://", Service: "api"}
	for name, value := range map[string]string{"detail_off": " db,redis\thttp_client ,", "detail_min_duration": "100us", "detail_repeats": "10", "detail_points": "2000", "detail_bytes": "30000"} {
		if err := c.Set(name, value); err != nil {
			t.Error(err)
		}
	}
	svc, err := sonde.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer svc.Close(t.Context())
	want := profiler.Detail{Off: []string{"db", "http_client", "redis"}, MinDuration: 100 * time.Microsecond, Repeats: 10, Points: 2000, Bytes: 30000}
	if got := svc.Detail(); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	for name, value := range map[string]string{"detail_off": " ,", "detail_min_duration": "-1s", "detail_repeats": "0"} {
		if err := c.Set(name, value); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s = %q: %v", name, value, err)
		}
	}
}

// TestEveryOption: each field of Config but the functions can be set in an INI
// file, by its environment variable and by Set, and by nothing else.
func TestEveryOption(t *testing.T) {
	values := map[string]string{
		"enabled": "true", "filter_error_trace": "true", "allow_default_key": "true", "call_sites": "true", "traceparent": "true", "es_scroll_time": "90s",
		"es_scroll_size": "7", "max_events": "7", "max_bytes": "7", "batch_events": "7",
		"socket_timeout": "7", "idle_timeout": "7", "connect_timeout": "7", "flush_interval": "7", "notify_timeout": "7",
		"new_traces": "7", "new_traces_per_second": "7", "arrivals": "7", "arrivals_per_second": "7", "trace_points": "7", "trace_bytes": "7",
		"detail_min_duration": "7", "detail_repeats": "7", "detail_points": "7", "detail_bytes": "7",
	}
	groups := map[string][]string{
		"profiler": {"enabled", "hmac_keys", "connection_string", "filter_error_trace", "socket_timeout", "sentinel_service_name",
			"es_doc_type", "es_scroll_time", "es_scroll_size"},
		"profiler_otlp": {"service_name_prefix"},
		"sonde": {"service", "project", "host", "more_connection_strings", "allow_default_key", "transport_url", "idle_timeout", "connect_timeout", "mask", "call_sites", "traceparent",
			"sampling", "sampling_file", "sampling_budget",
			"max_events", "max_bytes", "batch_events", "flush_interval", "notify_timeout",
			"new_traces", "new_traces_per_second", "arrivals", "arrivals_per_second", "trace_points", "trace_bytes",
			"detail_off", "detail_min_duration", "detail_repeats", "detail_points", "detail_bytes"},
	}
	var file strings.Builder
	var bySet sonde.Config
	for group, names := range groups {
		fmt.Fprintf(&file, "[%s]\n", group)
		for _, name := range names {
			value := cmp.Or(values[name], "text")
			fmt.Fprintf(&file, "%s = %s\n", name, value)
			if err := bySet.Set(name, value); err != nil {
				t.Error(err)
			}
			variable := "OS_" + strings.ToUpper(group) + "__" + strings.ToUpper(name)
			if group == "sonde" {
				variable = "SONDE_" + strings.ToUpper(name)
			}
			t.Setenv(variable, value)
		}
	}
	path := filepath.Join(t.TempDir(), "api.conf")
	if err := os.WriteFile(path, []byte(file.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	byFile, err := sonde.FromFile(path)
	if err != nil {
		t.Fatal(err)
	}
	byEnv, err := sonde.FromEnv()
	if err != nil {
		t.Fatal(err)
	}
	for how, c := range map[string]sonde.Config{"Set": bySet, "an INI file": byFile, "the environment": byEnv} {
		for _, missing := range zeroFields(reflect.ValueOf(c), "") {
			t.Errorf("%s cannot be set by %s", missing, how)
		}
	}
	for name, want := range map[string]string{"socket_timeot": "there is no option", "max_events": "max_events is not a whole number", "trace_requests": "there is no option"} {
		if err := new(sonde.Config).Set(name, "hunter2"); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// zeroFields are the fields that have no value, without functions and loggers.
func zeroFields(v reflect.Value, path string) (zero []string) {
	for i := range v.NumField() {
		f, name := v.Field(i), path+v.Type().Field(i).Name
		switch {
		case f.Kind() == reflect.Struct:
			zero = append(zero, zeroFields(f, name+".")...)
		case f.Kind() == reflect.Func, f.Kind() == reflect.Pointer, f.Kind() == reflect.Interface:
		case f.IsZero():
			zero = append(zero, name)
		}
	}
	return zero
}

// TestSampling: a Service samples by its configuration, and one that makes no sense is
// refused by name.
func TestSampling(t *testing.T) {
	base := sonde.Config{Enabled: true, ConnectionString: "memory://", Service: "api"}
	good := base
	good.Sampling, good.SamplingBudget = "1", "50%, 100000/s"
	svc, err := sonde.Open(t.Context(), good)
	if err != nil {
		t.Fatal(err)
	}
	in := svc.Receive(t.Context(), profiler.Arrival{Layer: "http", Kind: layer.Server}, header.Carrier(profilertest.Headers{}))
	ctx, p := in.Open(t.Context(), profiler.Opening{Name: "http"})
	if _, ok := profiler.BaseID(ctx).Sampled(); !ok || !p.Active() {
		t.Error("a request is not sampled")
	}
	p.Stop()
	if err := svc.Close(t.Context()); err != nil {
		t.Error(err)
	}
	for want, set := range map[string]func(*sonde.Config){
		"sampling":     func(c *sonde.Config) { c.Sampling = "often" },
		"/none":        func(c *sonde.Config) { c.SamplingFile = filepath.Join(t.TempDir(), "none") },
		"not a budget": func(c *sonde.Config) { c.SamplingBudget = "little" },
		"set one":      func(c *sonde.Config) { c.Sampling, c.Sampler = "1", profiler.Admit(nil) },
	} {
		c := base
		set(&c)
		if _, err := sonde.Open(t.Context(), c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s in it", err, want)
		}
	}
}

// A text that says false turns profiling off.
func TestEnabledFalse(t *testing.T) {
	t.Setenv("OS_PROFILER__ENABLED", "false")
	if c, err := sonde.FromEnv(); err != nil || c.Enabled {
		t.Errorf("%+v, %v", c, err)
	}
}

func ExampleOpen() {
	ctx := context.Background()
	svc, err := sonde.Open(ctx, sonde.Config{
		Enabled:          true,
		HMACKeys:         "a secret that callers share",
		ConnectionString: "memory://", // import the driver of the store that you run
		Service:          "api",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, p := svc.Begin(ctx, profiler.Opening{Name: "job"})
	_, step := profiler.Start(ctx, "step", slog.Int("number", 1))
	step.Stop()
	p.Stop()
	fmt.Println(svc.Close(ctx), svc.Stats().Acknowledged)
	// Output: <nil> 4
}

// TestDefaultRetention: a Service has a store that can forget by itself do so after 30
// days, unless the URL says otherwise.
func TestDefaultRetention(t *testing.T) {
	for url, left := range map[string]int{"": 1, "?retention=0": 2, "?retention=1000d": 2} {
		path := filepath.Join(t.TempDir(), "sonde.db")
		store, err := drivers.Open(t.Context(), "sqlite:///"+path, drivers.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		old := record.Fields{Name: "job", Phase: record.Start, Trace: header.NewID(), Point: header.NewID(),
			Time: time.Now().AddDate(0, -2, 0).UnixNano(), Service: "api", Project: "shop", Host: "h", Info: []byte("{}")}
		if err := store.Notify(t.Context(), []record.Event{record.New(old)}); err != nil {
			t.Fatal(err)
		}
		svc, err := sonde.Open(t.Context(), sonde.Config{Enabled: true, HMACKeys: "k", Service: "api", ConnectionString: "sqlite:///" + path + url})
		if err != nil {
			t.Fatal(err)
		}
		traces := func() (n int) {
			for _, err := range store.Traces(t.Context(), drivers.Query{}) {
				if err != nil {
					t.Fatal(err)
				}
				n++
			}
			return n
		}
		_, p := svc.Begin(t.Context(), profiler.Opening{Name: "job"})
		p.Stop()
		if err := svc.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if left == 1 {
			watchdog.Until(t, "the old trace to be forgotten", func() bool { return traces() == 1 })
		}
		if err := svc.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if n := traces(); n != left {
			t.Errorf("%q: %d traces are left, want %d", url, n, left)
		}
	}
}
