package servertest

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestRabbitMQ(t *testing.T) { lifecycle(t, RabbitMQ(t)) }

func TestNATS(t *testing.T) { lifecycle(t, NATS(t)) }

func TestRedisSentinelReplacesItsPrimary(t *testing.T) {
	set := RedisSentinel(t, "--requirepass", "secret", "--masterauth", "secret")
	first := set.Primary()
	if first != set.Nodes[0] {
		t.Fatalf("the primary is %s", first.Addr)
	}
	first.Kill()
	for end := time.Now().Add(patience); set.Primary() == first; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("no failover")
		}
	}
	set.until(set.Primary(), "role:master", "INFO", "replication")
}

func TestRedisClusterServesAllSlots(t *testing.T) {
	nodes := RedisCluster(t)
	owners := map[string]bool{}
	for i := range 30 {
		key := "key" + strconv.Itoa(i)
		out := output(t, exec.Command("redis-cli", "-c", "-p", strconv.Itoa(nodes[0].Port), "SET", key, "1"))
		if strings.TrimSpace(out) != "OK" {
			t.Fatalf("SET %s: %s", key, out)
		}
	}
	for _, s := range nodes {
		if out := output(t, exec.Command("redis-cli", "-p", strconv.Itoa(s.Port), "DBSIZE")); strings.TrimSpace(out) != "0" {
			owners[s.Addr] = true
		}
	}
	if len(owners) != 3 {
		t.Errorf("the keys lie on %v only", owners)
	}
}
