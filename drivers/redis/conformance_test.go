package redis

import (
	"os"
	"regexp"
	"strconv"
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
	listWork := func(t *testing.T, list func(*drivers.Store)) int64 {
		d := openURL(t, url, o)
		before := calls(t, nodes)
		list(d)
		return calls(t, nodes) - before
	}
	if strings.Contains(url, "legacy=true") { // has no index
		listWork = nil
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
		ListWork: listWork,
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

// calls counts the commands that servers have carried out on keys, one for each key.
func calls(t *testing.T, nodes []*redis.Client) (n int64) {
	t.Helper()
	for _, c := range nodes {
		info, err := c.Info(t.Context(), "commandstats").Result()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`cmdstat_(z\w+|l\w+|exists|scan|dbsize):calls=(\d+)`).FindAllStringSubmatch(info, -1) {
			of, err := strconv.ParseInt(m[2], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			n += of
		}
	}
	return n
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
	if os.Getenv("SONDE_TEST_ALL") != "1" {
		t.Skip("make test-all: the server is the one of TestConformance, found in another way, which TestFaults and TestFailover try")
	}
	set := servertest.RedisSentinel(t)
	conform(t, "redissentinel", "redissentinel://"+set.Sentinels[0].Addr, filing, client(t, set.Nodes[0], 0))
}
