//go:build unix

package profiler_test

import (
	"bufio"
	"bytes"
	"context"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/profiler"
)

// signalled is a program that was sent signals, when it has ended.
type signalled struct {
	status syscall.WaitStatus
	lines  []string // that it has printed after "ready"
	stderr string
}

// startProgram runs one of signalPrograms, by a shell that first does what before
// says, and returns its first line and what there is to read of it.
func startProgram(t *testing.T, name, before string) (cmd *exec.Cmd, ready string, end func() signalled) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command("sh", "-c", before+` exec "$0"`, self)
	cmd.Env = append(os.Environ(), asProgram+"="+name)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	t.Cleanup(func() {
		select {
		case <-ended:
		default:
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	lines := bufio.NewScanner(out)
	if lines.Scan(); !strings.HasPrefix(lines.Text(), "ready") {
		t.Fatalf("%q, %s", lines.Text(), stderr.String())
	}
	ready = lines.Text()
	return cmd, ready, func() (s signalled) {
		t.Helper()
		go func() {
			for lines.Scan() {
				s.lines = append(s.lines, lines.Text())
			}
			_ = cmd.Wait()
			close(ended)
		}()
		watchdog.Await(t, "the end of the program "+name, ended)
		s.status, s.stderr = cmd.ProcessState.Sys().(syscall.WaitStatus), stderr.String()
		return s
	}
}

// TestCloseOnSignal: what was recorded is stored when a signal comes, and the
// process ends as it would have ended without CloseOnSignal.
func TestCloseOnSignal(t *testing.T) {
	for _, tt := range []struct {
		program, before string
		signals         []syscall.Signal
		exit            int // the code; -1: the last signal
		lines           []string
	}{
		{"no handler", "", []syscall.Signal{syscall.SIGTERM}, -1, []string{"api-start", "api-stop"}},
		{"no handler", "", []syscall.Signal{syscall.SIGINT}, -1, []string{"api-start", "api-stop"}},
		{"no handler", "trap '' INT;", []syscall.Signal{syscall.SIGINT, syscall.SIGTERM}, -1, []string{"api-start", "api-stop"}},
		{"two services", "", []syscall.Signal{syscall.SIGTERM}, -1, []string{"first-start", "first-stop", "second-start", "second-stop"}},
		{"a handler", "", []syscall.Signal{syscall.SIGTERM}, 7, []string{"api-start", "api-stop", "handled"}},
		{"closed by itself", "", []syscall.Signal{syscall.SIGTERM}, 0, []string{"api-start", "api-stop"}},
		{"log.Fatal", "", []syscall.Signal{syscall.SIGTERM}, -1, []string{"api-start", "api-stop", "request-start", "request-stop"}},
		{"a sink that hangs", "", []syscall.Signal{syscall.SIGTERM}, -1, []string{"gave up"}},
	} {
		t.Run(tt.program+"/"+tt.before, func(t *testing.T) {
			t.Parallel()
			cmd, ready, end := startProgram(t, tt.program, tt.before)
			if _, url, ok := strings.Cut(ready, " "); ok {
				res, err := http.Get(url)
				if err != nil {
					t.Fatal(err)
				}
				res.Body.Close()
				http.DefaultClient.CloseIdleConnections()
			}
			for _, sig := range tt.signals {
				if err := cmd.Process.Signal(sig); err != nil {
					t.Fatal(err)
				}
			}
			s := end()
			slices.Sort(s.lines)
			if last := tt.signals[len(tt.signals)-1]; tt.exit >= 0 && s.status.ExitStatus() != tt.exit || tt.exit < 0 && s.status.Signal() != last {
				t.Errorf("it ended with %d, signal %v, want %d, signal %v: %s", s.status.ExitStatus(), s.status.Signal(), tt.exit, last, s.stderr)
			}
			if !slices.Equal(s.lines, tt.lines) {
				t.Errorf("it printed %q, want %q: %s", s.lines, tt.lines, s.stderr)
			}
		})
	}
}

// TestSecondSignal ends a process at once that waits for its sink.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	cmd, _, end := startProgram(t, "a sink that hangs", "")
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		for {
			_ = cmd.Process.Signal(syscall.SIGTERM)
			select {
			case <-stop:
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
	if s := end(); s.status.Signal() != syscall.SIGTERM || len(s.lines) > 0 {
		t.Errorf("it ended with %d, signal %v, and printed %q", s.status.ExitStatus(), s.status.Signal(), s.lines)
	}
}

// TestCloseOnSignalEnds: its goroutine ends when the last Service is closed, and a
// signal does then what it did before. Goroutines are counted by TestMain.
func TestCloseOnSignalEnds(t *testing.T) {
	first, err := profiler.New(profiler.Config{Name: "first", Sink: &store{}}) // closed once only
	if err != nil {
		t.Fatal(err)
	}
	second := newService(t, &store{})
	for _, s := range []*profiler.Service{first, second, first, nil} {
		s.CloseOnSignal()
	}
	disabled, _ := profiler.New(profiler.Config{Disabled: true})
	disabled.CloseOnSignal()
	mustClose(t, first)
	first.CloseOnSignal() // closed: it would wait for ever
	mustClose(t, second)
	again := newService(t, &store{})
	again.CloseOnSignal()
	if err := again.Close(context.Background()); err != nil {
		t.Error(err)
	}
}
