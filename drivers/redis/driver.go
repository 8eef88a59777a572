package redis

import (
	"context"
	"log/slog"
	"net"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/drivers/kit"
)

// The keys of OSProfiler.
const (
	listPrefix   = "osprofiler_opt:"
	errorPrefix  = "osprofiler_error:"
	legacyPrefix = "osprofiler:"
)

// clusterTries is how often a cluster's client asks, other nodes too, until it
// gives up; they share the time for an answer.
const clusterTries = 4

// writeBuffer holds a usual batch.
const writeBuffer = 64 << 10

type store struct {
	config  *config
	client  redis.UniversalClient
	errors  bool      // traces with an error are filed
	limit   kit.Limit // of one command, or one pipeline of them
	logger  *slog.Logger
	batches sync.Pool

	nextSweep atomic.Int64 // when to look for expired entries of the index
	unindexed sync.Once    // that the index cannot be written has been said
}

func open(_ context.Context, u *drivers.URL, o drivers.Options) (driver.Driver, error) {
	c, err := configOf(u)
	if err != nil {
		return nil, err
	}
	tls, err := u.TLS()
	if err != nil {
		return nil, err
	}
	dialer := &dialer{net: net.Dialer{Timeout: o.ConnectTimeout, KeepAlive: 30 * time.Second}, tls: tls}
	d := &store{config: c, errors: o.FilterErrorTrace, logger: o.Logger, limit: kit.Limit{Store: "redis " + strings.Join(c.addrs, ","), Time: o.SocketTimeout}}
	d.batches.New = func() any { return &batch{} }
	// Records are sent again by the caller, who has to know what became of
	// them: no retries below, and no second pool to try after the first.
	switch c.topology {
	case cluster:
		options := &redis.ClusterOptions{
			Addrs: c.addrs, Username: c.user, Password: c.password,
			Dialer: dialer.dial, DialTimeout: o.ConnectTimeout, DialerRetries: 1, MaxRedirects: clusterTries - 1,
			ReadTimeout: o.SocketTimeout / clusterTries, WriteTimeout: o.SocketTimeout / clusterTries, ContextTimeoutEnabled: true,
			WriteBufferSize: writeBuffer,
			Protocol:        2, DisableIdentity: true,
		}
		onePool(options)
		d.client = redis.NewClusterClient(options)
	default:
		options := &redis.Options{
			Addr: c.addrs[0], Username: c.user, Password: c.password, DB: c.db,
			Dialer: dialer.dial, DialTimeout: o.ConnectTimeout, DialerRetries: 1, MaxRetries: -1,
			ReadTimeout: o.SocketTimeout, WriteTimeout: o.SocketTimeout, ContextTimeoutEnabled: true,
			WriteBufferSize: writeBuffer,
			Protocol:        2, DisableIdentity: true,
		}
		if c.topology == sentinel {
			name := u.Text("sentinel_service_name")
			d.limit.Store = "redis " + name + " of sentinel " + strings.Join(c.addrs, ",")
			s := &sentinels{dialer: dialer, name: name, timeout: o.SocketTimeout / time.Duration(len(c.addrs)), addrs: c.addrs}
			options.Dialer = s.dial
		}
		onePool(options)
		d.client = redis.NewClient(options)
	}
	return d, nil
}

// onePool has pipelines use the client's pool. Newer releases of go-redis than
// the one that this module builds with at least have a second one for them,
// and an option against it.
func onePool(options any) {
	if size := reflect.ValueOf(options).Elem().FieldByName("PipelinePoolSize"); size.IsValid() {
		size.SetInt(-1)
	}
}

// Terms implements [driver.Promising].
func (d *store) Terms() driver.Terms {
	listed := "the newest entries of the index, the records of their traces, and at most 10,000 keys of a node for traces of other programs"
	if d.config.legacy {
		listed = "all keys of the database"
	}
	return driver.Terms{
		Acknowledged: "in the memory of the server; what outlives it is up to its appendonly, appendfsync and save",
		Repeated:     "kept twice; readers ignore the second",
		Filed:        true,
		Listed:       listed,
	}
}

// Ping implements driver.Pinger.
func (d *store) Ping(ctx context.Context) error {
	return d.explain(ctx, d.client.Ping(ctx).Err())
}

// Close implements driver.Driver.
func (d *store) Close() error {
	return d.client.Close()
}
