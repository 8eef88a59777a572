package agent

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/relay/internal/spool"
)

// agentDir is set for a process of the test's binary that is to be an agent: its folder.
const agentDir = "SONDE_TEST_AGENT_DIR"

// asAgent is an agent until it is killed, in such a process.
func asAgent() {
	dir := os.Getenv(agentDir)
	if dir == "" {
		return
	}
	a, err := newAgent(context.Background(), Config{Listen: []string{"unix://" + filepath.Join(dir, "a.sock")}, DataDir: filepath.Join(dir, "data")}, noDrain)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("ready")
	a.Run(context.Background())
	os.Exit(1)
}

// process starts an agent as a process of its own and returns a client of it.
func process(t *testing.T, dir string) (*exec.Cmd, *http.Client) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), agentDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "ready\n" {
		t.Fatalf("%q, %v", line, err)
	}
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(dir, "a.sock"))
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return cmd, &http.Client{Transport: transport}
}

// TestKilled: what an agent has acknowledged under load is in the spool after kill -9.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	cmd, client := process(t, dir)
	var (
		senders      sync.WaitGroup
		acknowledged [4][]int
		total        atomic.Int64
	)
	for s := range acknowledged {
		senders.Go(func() {
			for i := 0; ; i++ {
				req, _ := http.NewRequest("POST", "http://agent/v1/events", strings.NewReader(lines(32, 4, 1_000_000*s+32*i)))
				req.Header.Set("Sonde-Producer", fmt.Sprintf("%016x", s))
				req.Header.Set("Sonde-First", strconv.Itoa(32*i+1))
				resp, err := client.Do(req)
				if err != nil {
					return // killed
				}
				resp.Body.Close()
				if resp.StatusCode != 200 {
					t.Error(resp.Status)
					return
				}
				acknowledged[s] = append(acknowledged[s], i)
				total.Add(1)
			}
		})
	}
	watchdog.Until(t, "acknowledged posts", func() bool { return total.Load() >= 60 })
	cmd.Process.Kill()
	cmd.Wait()
	senders.Wait()

	s, err := spool.Open(t.Context(), spool.Config{Dir: filepath.Join(dir, "data")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	found := map[string]int{}
	for _, of := range spooled(t, s) {
		for _, l := range of {
			found[l]++
		}
	}
	n := 0
	for s, posts := range acknowledged {
		for _, i := range posts {
			for k := range 32 {
				n++
				if c := found[line(traceID(k%4), 1_000_000*s+32*i+k)]; c != 1 {
					t.Fatalf("record %d of post %d of sender %d is there %d times", k, i, s, c)
				}
			}
		}
	}
	t.Logf("%d records were acknowledged, %d are in the spool", n, len(found))
}
