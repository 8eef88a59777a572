package servertest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Sentinel is a Redis primary with one replica, watched by three sentinels of
// which two have to agree that the primary is down.
type Sentinel struct {
	Name      string // what the sentinels call the set
	Nodes     []*Server
	Sentinels []*Server

	t testing.TB
}

// RedisSentinel starts Redis servers under Sentinel and waits until all of
// them know each other. A primary that is silent for a second is replaced; less
// would take a busy machine for a dead server. args are added to the command
// line of the two servers.
func RedisSentinel(t testing.TB, args ...string) *Sentinel {
	t.Helper()
	path := need(t, redisInstall, "redis-server")
	need(t, redisInstall, "redis-cli")
	set := &Sentinel{Name: "mymaster", t: t}

	args = append([]string{"--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1"}, args...)
	primary := startRedis(t, freePort(t), args...)
	port := strconv.Itoa(primary.Port)
	replica := startRedis(t, freePort(t), append(args, "--replicaof", "127.0.0.1 "+port)...)
	set.Nodes = []*Server{primary, replica}
	// A sentinel looks for replicas when it starts and then every ten seconds.
	set.until(primary, "state=online", "INFO", "replication")

	for range 3 {
		dir := t.TempDir()
		own := freePort(t)
		config := filepath.Join(dir, "sentinel.conf")
		text := "port " + strconv.Itoa(own) + "\nbind 127.0.0.1\ndir " + dir + "\n" +
			"sentinel monitor mymaster 127.0.0.1 " + port + " 2\n" +
			"sentinel down-after-milliseconds mymaster 1000\n" +
			"sentinel failover-timeout mymaster 5000\n"
		if pass := option(args, "--requirepass"); pass != "" {
			text += "sentinel auth-pass mymaster " + pass + "\n"
		}
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		set.Sentinels = append(set.Sentinels, start(t, dir, own, spec{
			name:  "redis-sentinel",
			path:  path,
			args:  []string{config, "--sentinel"},
			ready: redisAnswers,
		}))
	}
	for _, s := range set.Sentinels {
		set.until(s, "num-slaves 1 num-other-sentinels 2", "SENTINEL", "MASTER", "mymaster")
	}
	return set
}

// Primary is the server that the sentinels hold for the primary.
func (set *Sentinel) Primary() *Server {
	set.t.Helper()
	out, _ := set.ask(set.Sentinels[0], "SENTINEL", "GET-MASTER-ADDR-BY-NAME", set.Name)
	for _, s := range set.Nodes {
		if out == "127.0.0.1 "+strconv.Itoa(s.Port) {
			return s
		}
	}
	set.t.Fatalf("the primary is %q, which is none of ours", out)
	return nil
}

// until asks a server until the answer holds want.
func (set *Sentinel) until(s *Server, want string, command ...string) {
	set.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		out, err := set.ask(s, command...)
		if strings.Contains(out, want) {
			return
		}
		if time.Now().After(end) {
			set.t.Fatalf("%s: %v does not say %q but %q, %v", s.spec.name, command, want, out, err)
		}
	}
}

// ask runs a command and returns the words of the answer.
func (set *Sentinel) ask(s *Server, command ...string) (string, error) {
	cmd := exec.Command("redis-cli", append([]string{"-p", strconv.Itoa(s.Port)}, command...)...)
	if pass := option(s.spec.args, "--requirepass"); pass != "" {
		cmd.Env = append(os.Environ(), "REDISCLI_AUTH="+pass)
	}
	out, err := cmd.Output()
	return strings.Join(strings.Fields(string(out)), " "), err
}

// option returns what follows name in a command line, "" without it.
func option(args []string, name string) string {
	for i, a := range args[:max(len(args)-1, 0)] {
		if a == name {
			return args[i+1]
		}
	}
	return ""
}
