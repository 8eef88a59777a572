//go:build unix && !solaris && !illumos && !aix

package agent

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/internal/watchdog"
)

const aStore = "redis://:hunter2@127.0.0.1:1"

// startURL is a URL that starts this test's program as the agent.
func startURL(t *testing.T, path string) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	options := url.Values{"start": {"true"}, "command": {exe}, "data_dir": {filepath.Join(filepath.Dir(path), "data")}, "store": {aStore}}
	if os.Getenv(storeVariable) != "" {
		options.Del("store")
	}
	return "agent://" + (&url.URL{Path: path}).EscapedPath() + "?" + options.Encode()
}

// started returns a line for each agent that was started, and ends them.
func started(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path + ".started")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	for _, line := range lines {
		pid, err := strconv.Atoi(strings.Fields(line)[0])
		if err != nil {
			t.Fatal(err)
		}
		if group, err := syscall.Getpgid(pid); err != nil || group != pid {
			t.Errorf("the agent %d is in group %d: %v", pid, group, err)
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Error(err)
		}
		watchdog.Until(t, "the agent to end", func() bool { return syscall.Kill(pid, 0) != nil })
	}
	return lines
}

// TestStart: however many stores find no agent at once, in this process and in others,
// one agent is started, which takes the records of all.
func TestStart(t *testing.T) {
	t.Setenv(asAgent, "yes")
	path := socket(t)
	var all sync.WaitGroup
	for range 8 {
		d := openURL(t, startURL(t, path))
		all.Add(1)
		go func() {
			defer all.Done()
			if err := d.Notify(t.Context(), numbered(3, 7, 1)); err != nil {
				t.Error(err)
			}
		}()
	}
	all.Wait()
	lines := started(t, path)
	if len(lines) != 1 {
		t.Fatalf("%d agents were started: %q", len(lines), lines)
	}
	want := fmt.Sprintf("--data-dir %s --store env:%s %s", filepath.Join(filepath.Dir(path), "data"), storeVariable, aStore)
	if _, args, _ := strings.Cut(lines[0], " "); args != want {
		t.Errorf("it was started with %s, want %s", args, want)
	}
	log, err := os.ReadFile(filepath.Join(filepath.Dir(path), "data", "agent.log"))
	if err != nil || string(log) != "listening\n" {
		t.Errorf("the log has %q: %v", log, err)
	}
}

// TestStartAgain: an agent that has died is started again.
func TestStartAgain(t *testing.T) {
	t.Setenv(asAgent, "yes")
	path := socket(t)
	d := openURL(t, startURL(t, path))
	for range 2 {
		if err := d.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
		started(t, path)
		for _, left := range []string{path, path + ".started"} {
			if err := os.Remove(left); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestStoreOfEnvironment: the connection string need not have the store's URL.
func TestStoreOfEnvironment(t *testing.T) {
	t.Setenv(asAgent, "yes")
	t.Setenv(storeVariable, aStore)
	path := socket(t)
	if err := openURL(t, startURL(t, path)).Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if lines := started(t, path); len(lines) != 1 || !strings.HasSuffix(lines[0], " "+aStore) {
		t.Errorf("started %q", lines)
	}
}

// TestStartAtAnyPath: characters that mean something in a URL are a path's too.
func TestStartAtAnyPath(t *testing.T) {
	t.Setenv(asAgent, "yes")
	path := filepath.Join(filepath.Dir(socket(t)), "a b%c?d#é.sock")
	d := openURL(t, startURL(t, path))
	if err := d.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	started(t, path)
}

func TestStartFails(t *testing.T) {
	t.Setenv(asAgent, "fails")
	path := socket(t)
	d := openURL(t, startURL(t, path))
	if err := d.Ping(t.Context()); err == nil || !strings.Contains(err.Error(), "agent.log") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
	log, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "data", "agent.log"))
	if string(log) != "no room\n" {
		t.Errorf("the log has %q", log)
	}
	none := openURL(t, "agent://"+socket(t)+"?start=true&store=x&command=no-such-command&data_dir="+t.TempDir())
	if err := none.Ping(t.Context()); err == nil || !strings.Contains(err.Error(), "command=") {
		t.Errorf("%v", err)
	}
}

// TestLock: it is held by one at a time, and given back by a process that dies.
func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := lock(ctx, path); err == nil {
		t.Error("the lock was given twice")
	}
	unlock()
	if unlock, err = lock(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	unlock()
}

var _ driver.Pinger = (*store)(nil)
