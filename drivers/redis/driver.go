package redis

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/drivers/internal/answer"
)

func init() {
	for scheme := range schemes {
		drivers.Register(scheme, open)
	}
}

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
	errors  bool         // traces with an error are filed
	limit   answer.Limit // of one command, or one pipeline of them
	batches sync.Pool
}

func open(_ context.Context, url string, o drivers.Options) (driver.Driver, error) {
	c, err := parseURL(url)
	if err != nil {
		return nil, err
	}
	dialer, err := newDialer(c, o.ConnectTimeout)
	if err != nil {
		return nil, err
	}
	d := &store{config: c, errors: o.FilterErrorTrace, limit: answer.Limit{Store: "redis " + strings.Join(c.addrs, ","), Time: o.SocketTimeout}}
	d.batches.New = func() any { return &batch{} }
	// Records are sent again by the caller, who has to know what became of
	// them: no retries below, and no second pool to try after the first.
	switch c.topology {
	case cluster:
		d.client = redis.NewClusterClient(&redis.ClusterOptions{
			Addrs: c.addrs, Username: c.user, Password: c.password,
			Dialer: dialer.dial, DialTimeout: o.ConnectTimeout, DialerRetries: 1, MaxRedirects: clusterTries - 1,
			ReadTimeout: o.SocketTimeout / clusterTries, WriteTimeout: o.SocketTimeout / clusterTries, ContextTimeoutEnabled: true,
			WriteBufferSize: writeBuffer, PipelinePoolSize: -1,
			Protocol: 2, DisableIdentity: true,
		})
	default:
		options := &redis.Options{
			Addr: c.addrs[0], Username: c.user, Password: c.password, DB: c.db,
			Dialer: dialer.dial, DialTimeout: o.ConnectTimeout, DialerRetries: 1, MaxRetries: -1,
			ReadTimeout: o.SocketTimeout, WriteTimeout: o.SocketTimeout, ContextTimeoutEnabled: true,
			WriteBufferSize: writeBuffer, PipelinePoolSize: -1,
			Protocol: 2, DisableIdentity: true,
		}
		if c.topology == sentinel {
			d.limit.Store = "redis " + o.SentinelServiceName + " of sentinel " + strings.Join(c.addrs, ",")
			s := &sentinels{dialer: dialer, name: o.SentinelServiceName, timeout: o.SocketTimeout / time.Duration(len(c.addrs)), addrs: c.addrs}
			options.Dialer = s.dial
		}
		d.client = redis.NewClient(options)
	}
	return d, nil
}

// Ping implements driver.Pinger.
func (d *store) Ping(ctx context.Context) error {
	return d.explain(ctx, d.client.Ping(ctx).Err())
}

// Close implements driver.Driver.
func (d *store) Close() error {
	return d.client.Close()
}
