package main

import (
	"bytes"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/internal/watchdog"
)

// sonde is a process that is to be the command.
func sonde(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	return cmd
}

// agents are the processes that have the folder among their arguments: the agents
// that keep their spool there.
func agents(t *testing.T, dataDir string) (pids []int) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		line, err := os.ReadFile(file)
		if err != nil || !slices.Contains(strings.Split(string(line), "\x00"), dataDir) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, pid)
	}
	return pids
}

// TestStartsOneAgent: however many programs find no agent at once, one is started,
// which takes the records of all to the store and outlives them.
func TestStartsOneAgent(t *testing.T) {
	t.Setenv(asCommand, "1") // for the agent, which inherits it
	dir := t.TempDir()
	dataDir := filepath.Join(dir, "data")
	store := "sqlite:///" + filepath.Join(dir, "traces.db")
	options := url.Values{"start": {"true"}, "command": {os.Args[0]}, "data_dir": {dataDir}, "store": {store}}
	agent := "agent://" + filepath.Join(dir, "a.sock") + "?" + options.Encode()
	t.Cleanup(func() { // also if the test fails
		for _, pid := range agents(t, dataDir) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})

	const programs = 5
	var all sync.WaitGroup
	for range programs {
		check := sonde(t, "check", "--connection-string", agent, "--timeout", "1m")
		all.Add(1)
		go func() {
			defer all.Done()
			if out, err := check.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		}()
	}
	all.Wait()
	pids := agents(t, dataDir)
	log, err := os.ReadFile(filepath.Join(dataDir, "agent.log"))
	if err != nil || len(pids) != 1 {
		t.Fatalf("%d agents run, want 1, %v\n%s", len(pids), err, log)
	}
	if n := bytes.Count(log, []byte("\n")); n != 1 {
		t.Errorf("the log is more than the first line of one agent:\n%s", log)
	}

	if err := syscall.Kill(pids[0], syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	watchdog.Until(t, "the agent to end", func() bool { return errors.Is(syscall.Kill(pids[0], 0), syscall.ESRCH) })
	list, err := sonde(t, "trace", "list", "--json", "--connection-string", store).Output()
	if n := bytes.Count(list, []byte(`"base_id"`)); err != nil || n != programs {
		t.Errorf("the store has %d traces, want %d: %v\n%s\n%s", n, programs, err, list, log)
	}
}

// TestAgentOfOSProfiler has the real OSProfiler send a trace by the driver of the
// example, through the real agent, into a file which the command then shows.
func TestAgentOfOSProfiler(t *testing.T) {
	python := servertest.Python(t)
	driver, err := filepath.Abs("../../examples/python/sonde_agent_driver.py")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	socket, store := filepath.Join(dir, "a.sock"), "sqlite:///"+filepath.Join(dir, "traces.db")
	agent := sonde(t, "agent", "--listen", "unix://"+socket, "--data-dir", filepath.Join(dir, "data"), "--store", store)
	var log bytes.Buffer
	agent.Stderr = &log
	if err := agent.Start(); err != nil {
		t.Fatal(err)
	}
	status := func() bool { return sonde(t, "agent", "status", "--socket", socket).Run() == nil }
	watchdog.Until(t, "the agent to answer", status)
	const base = "a0000001-1111-4111-8111-000000000001"
	python.Run(`
import importlib.util, sys
sys.dont_write_bytecode = True
spec = importlib.util.spec_from_file_location("sonde_agent_driver", sys.argv[1])
spec.loader.exec_module(importlib.util.module_from_spec(spec))
from osprofiler import notifier, profiler
notifier.set(notifier.create(sys.argv[2], project="nova", service="os-api", host="host-a"))
profiler.init("key", base_id=sys.argv[3], parent_id=None)
with profiler.Trace("wsgi", info={"request": {"path": "/v2/servers", "method": "GET", "query": ""}}):
    with profiler.Trace("db", info={"db": {"statement": "select 1", "params": []}}):
        pass
    try:
        with profiler.Trace("rpc"):
            raise ValueError("no such \u00e9")
    except ValueError:
        pass
`, driver, "agent://"+socket, base)
	if err := agent.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := agent.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, log.Bytes())
	}
	show, err := sonde(t, "trace", "show", "--connection-string", store, base).CombinedOutput()
	for _, want := range []string{base, "GET /v2/servers", "select 1", "ValueError", "os-api"} {
		if !strings.Contains(string(show), want) {
			t.Errorf("%q is not shown, %v:\n%s", want, err, show)
		}
	}
	upstream, err := sonde(t, "trace", "show", "--json", "--connection-string", store, base).Output()
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(upstream, []byte(`"finished"`)); n != 4 {
		t.Errorf("%d members say when something finished, want 4, of the trace and its points:\n%s", n, upstream)
	}
}
