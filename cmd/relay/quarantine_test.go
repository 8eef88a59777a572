package relay

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/cli"
	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/record"
)

// agentDir is set for a process of the test's binary that is to be an agent: its folder.
const agentDir = "SONDE_TEST_AGENT_DIR"

// asAgent is an agent until it is killed, in such a process. Its store is broken while
// there is a file "broken".
func asAgent() {
	dir := os.Getenv(agentDir)
	if dir == "" {
		return
	}
	drivers.Register(drivers.Scheme{Name: "broken", Open: func(context.Context, *drivers.URL, drivers.Options) (driver.Driver, error) {
		return breaking(dir), nil
	}})
	c := &agentRun{
		Listen: []string{"unix://" + filepath.Join(dir, "a.sock")}, SocketMode: "0660", DataDir: filepath.Join(dir, "data"),
		Sync: "always", MaxBytes: "1GiB", Store: []cli.Secret{"broken://"}, StopTimeout: time.Second, LogFormat: "text",
	}
	fmt.Fprintln(os.Stderr, c.Run(context.Background()))
	os.Exit(1)
}

// breaking is a store in a folder that takes no record while it is broken.
type breaking string

func (dir breaking) Notify(_ context.Context, events []record.Event) error {
	if _, err := os.Stat(filepath.Join(string(dir), "broken")); err == nil {
		rejected := &record.RejectedError{Err: errors.New("the store is broken")}
		for i := range events {
			rejected.Indexes = append(rejected.Indexes, i)
		}
		return rejected
	}
	f, err := os.OpenFile(filepath.Join(string(dir), "stored"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	for i := range events {
		if _, err := f.Write(append(events[i].JSON(), '\n')); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	return f.Close()
}

func (breaking) Close() error { return nil }

// TestQuarantineOfRunningAgent: a process whose store refused three records is asked for
// them, has one taken to the store when that was repaired, and deletes the others.
func TestQuarantineOfRunningAgent(t *testing.T) {
	dir := t.TempDir()
	broken := filepath.Join(dir, "broken")
	if err := os.WriteFile(broken, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	agent := exec.Command(os.Args[0])
	agent.Env = append(os.Environ(), agentDir+"="+dir)
	agent.Stderr = t.Output()
	out, err := agent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := agent.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		agent.Process.Kill()
		agent.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("%q, %v", line, err)
	}
	socket := filepath.Join(dir, "a.sock")
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}
	defer transport.CloseIdleConnections()
	var records []string
	for i := range 3 {
		records = append(records, strings.Replace(sample, "000000000001", fmt.Sprintf("%012d", i), 1))
	}
	resp, err := (&http.Client{Transport: transport}).Post("http://agent/v1/events", "", strings.NewReader(strings.Join(records, "\n")))
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatal(resp, err)
	}
	resp.Body.Close()

	flags := quarantineFlags{Socket: socket}
	says := func(run func(context.Context, io.Writer) error) string {
		t.Helper()
		var text bytes.Buffer
		if err := run(t.Context(), &text); err != nil {
			t.Fatal(err)
		}
		return text.String()
	}
	list := func() int {
		t.Helper()
		return strings.Count(says((&quarantineList{quarantineFlags: flags, Format: "text"}).run), "the store is broken")
	}
	watchdog.Until(t, "three records in the quarantine", func() bool { return list() == 3 })
	if text := says((&quarantineShow{flags, 2, "text"}).run); !strings.Contains(text, "record  "+records[1]) {
		t.Error(text)
	}
	if text := says((&quarantineRetry{chosen{flags, []uint64{2}, false}}).run); text != "1 of 1 records are on their way to the stores again\n" {
		t.Error(text)
	}
	watchdog.Until(t, "the record in the quarantine again", func() bool { return list() == 3 })
	if err := os.Remove(broken); err != nil {
		t.Fatal(err)
	}
	if text := says((&quarantineRetry{chosen{flags, []uint64{4}, false}}).run); text != "1 of 1 records are on their way to the stores again\n" {
		t.Error(text)
	}
	watchdog.Until(t, "the record in the store", func() bool {
		stored, _ := os.ReadFile(filepath.Join(dir, "stored"))
		return string(stored) == records[1]+"\n"
	})
	err = (&quarantineDrop{chosen{flags, []uint64{1, 2}, false}}).run(t.Context(), io.Discard)
	if err == nil || err.Error() != "record 2: there is no such record in the quarantine" {
		t.Error(err)
	}
	if text := says((&quarantineDrop{chosen{flags, nil, true}}).run); text != "1 of 1 records are deleted\n" || list() != 0 {
		t.Error(text)
	}
	err = (&quarantineList{quarantineFlags: quarantineFlags{DataDir: filepath.Join(dir, "data")}}).run(t.Context(), io.Discard)
	if err == nil || !strings.Contains(err.Error(), "ask the agent that runs there at its socket") {
		t.Error(err)
	}
}
