package redis

import (
	"regexp"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/internal/servertest"
)

// conform runs the suite on the servers that url leads to; nodes are all that
// hold data.
func conform(t *testing.T, name, url string, o drivers.Options, nodes ...*redis.Client) {
	t.Helper()
	info, err := nodes[0].Info(t.Context(), "server").Result()
	if err != nil {
		t.Fatal(err)
	}
	drivertest.Run(t, drivertest.Harness{
		Driver:      name,
		Server:      "Redis " + regexp.MustCompile(`redis_version:(\S+)`).FindStringSubmatch(info)[1],
		TLS:         true,
		NewestFirst: true,
		New: func(t *testing.T) func() *drivers.Store {
			for _, c := range nodes {
				if err := c.FlushAll(t.Context()).Err(); err != nil {
					t.Fatal(err)
				}
			}
			return func() *drivers.Store {
				d, err := drivers.Open(t.Context(), url, o)
				if err != nil {
					t.Fatal(err)
				}
				return d
			}
		},
		Corrupt: func(t *testing.T, base, raw string) {
			for _, c := range nodes {
				err := c.LPush(t.Context(), listPrefix+base, raw).Err()
				if err != nil && !redis.HasErrorPrefix(err, "MOVED") {
					t.Fatal(err)
				}
			}
		},
	})
}

func TestConformance(t *testing.T) {
	s := servertest.Redis(t)
	conform(t, "redis", "redis://"+s.Addr, filing, client(t, s, 0))
}

func TestConformanceLegacy(t *testing.T) {
	s := servertest.Redis(t)
	conform(t, "redis?legacy=true", "redis://"+s.Addr+"/3?legacy=true&ttl=24h", filing, client(t, s, 3))
}

func TestConformanceCluster(t *testing.T) {
	var addrs []string
	var nodes []*redis.Client
	for _, s := range servertest.RedisCluster(t) {
		addrs = append(addrs, s.Addr)
		nodes = append(nodes, client(t, s, 0))
	}
	conform(t, "redis+cluster", "redis+cluster://"+strings.Join(addrs[1:], ","), filing, nodes...)
}

func TestConformanceSentinel(t *testing.T) {
	set := servertest.RedisSentinel(t)
	conform(t, "redissentinel", "redissentinel://"+set.Sentinels[0].Addr, filing, client(t, set.Nodes[0], 0))
}
