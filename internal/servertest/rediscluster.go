package servertest

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// RedisCluster starts a Redis Cluster of three primaries without replicas that
// share all slots.
func RedisCluster(t testing.TB) []*Server {
	t.Helper()
	cli := need(t, redisInstall, "redis-cli")
	create := []string{"--cluster", "create"}
	var nodes []*Server
	for range 3 {
		s := Redis(t, "--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--cluster-port", strconv.Itoa(freePort(t)))
		nodes = append(nodes, s)
		create = append(create, s.Addr)
	}
	output(t, exec.Command(cli, append(create, "--cluster-yes")...))
	for _, s := range nodes {
		for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
			out, err := exec.Command(cli, "-p", strconv.Itoa(s.Port), "CLUSTER", "INFO").Output()
			if strings.Contains(string(out), "cluster_state:ok") {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("the cluster does not form: %s, %v", out, err)
			}
		}
	}
	return nodes
}
