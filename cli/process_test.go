package cli

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// running is the command as a process of its own, for what only a process has:
// signals.
type running struct {
	*exec.Cmd
	out   bytes.Buffer
	lines *bufio.Reader // of standard error
}

// asCommand is set for a process of the test's binary that is to be the
// command; see TestMain.
const asCommand = "SONDE_TEST_AS_COMMAND"

func process(t *testing.T, args ...string) *running {
	t.Helper()
	p := &running{Cmd: exec.Command(os.Args[0], args...)}
	p.Env = append(os.Environ(), asCommand+"=1")
	p.Stdout = &p.out
	stderr, err := p.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.lines = bufio.NewReader(stderr)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	watchdog := time.AfterFunc(2*time.Minute, func() { _ = p.Process.Kill() })
	t.Cleanup(func() {
		watchdog.Stop()
		_ = p.Process.Kill()
		_ = p.Wait()
	})
	return p
}

// line is the next line of standard error.
func (p *running) line(t *testing.T) string {
	t.Helper()
	line, err := p.lines.ReadString('\n')
	if err != nil {
		t.Fatalf("standard error ends with %q: %v", line, err)
	}
	return strings.TrimSuffix(line, "\n")
}

// end waits for the process. The err of the result is what was not read yet.
func (p *running) end(t *testing.T) result {
	t.Helper()
	rest, err := io.ReadAll(p.lines)
	if err != nil {
		t.Fatal(err)
	}
	var status *exec.ExitError
	if err := p.Wait(); err != nil && !errors.As(err, &status) {
		t.Fatal(err)
	}
	return result{p.ProcessState.ExitCode(), p.out.String(), string(rest)}
}

// eventually waits until what is so; two minutes tell that it never will be.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for began := time.Now(); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Since(began) > 2*time.Minute {
			t.Fatalf("never: %s", what)
		}
	}
}

// carrier is a message's headers.
type carrier map[string]string

func (c carrier) Get(name string) string { return c[name] }
func (c carrier) Set(name, value string) { c[name] = value }
