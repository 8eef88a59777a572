package servertest

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// patience is how long a server may take until it answers, stops, or does what
// else it was told. It only tells a server that hangs from one that is slow, and
// no machine is so slow: a test's verdict must not depend on the load.
const patience = 10 * time.Minute

// Server is one running server process. Its methods must be called from the
// goroutine of the test, which they end when they fail.
type Server struct {
	Addr string // 127.0.0.1:Port
	Port int
	Dir  string // where it keeps all its files

	t      testing.TB
	spec   spec
	cmd    *exec.Cmd
	exited chan struct{} // closed when the process has exited
}

// spec says how a server is run.
type spec struct {
	name  string
	path  string
	args  []string
	env   []string            // added to the test's own
	cred  *credential         // whom it runs as; nil: the test's user
	term  syscall.Signal      // what asks it to stop in good order; 0: SIGTERM
	ready func(*Server) error // nil as soon as it serves
}

// start runs a server until the test ends.
func start(t testing.TB, dir string, port int, sp spec) *Server {
	t.Helper()
	if sp.term == 0 {
		sp.term = syscall.SIGTERM
	}
	s := &Server{Addr: loopback(port), Port: port, Dir: dir, t: t, spec: sp}
	t.Cleanup(func() {
		s.end()
		if t.Failed() {
			t.Logf("the end of the log of %s at %s:\n%s", sp.name, s.Addr, s.logTail())
		}
	})
	s.launch()
	return s
}

// launch starts the process and waits until it answers.
func (s *Server) launch() {
	s.t.Helper()
	log, err := os.OpenFile(s.logPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(s.spec.path, s.spec.args...)
	cmd.Dir = s.Dir
	cmd.Env = append(os.Environ(), s.spec.env...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = attr(s.spec.cred)
	if err := cmd.Start(); err != nil {
		s.t.Fatalf("starting %s: %v", s.spec.name, err)
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()
	s.cmd, s.exited = cmd, exited

	s.awaitAnswer()
}

// awaitAnswer waits until the server answers.
func (s *Server) awaitAnswer() {
	s.t.Helper()
	for end := time.Now().Add(patience); ; {
		err := s.spec.ready(s)
		if err == nil {
			return
		}
		select {
		case <-s.exited:
			s.t.Fatalf("%s ended before it answered", s.spec.name)
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(end) {
			s.t.Fatalf("%s does not answer: %v", s.spec.name, err)
		}
	}
}

// Stop asks the server to stop in good order and waits until it has.
func (s *Server) Stop() {
	s.t.Helper()
	if s.cmd == nil {
		return
	}
	pids := tree(s.cmd.Process.Pid)
	signal(pids, carryOn)
	signal(pids[:1], s.spec.term)
	select {
	case <-s.exited:
	case <-time.After(patience):
		s.t.Errorf("%s does not stop", s.spec.name)
	}
	s.end()
}

// Kill ends the server as a power cut would: SIGKILL to all its processes.
func (s *Server) Kill() {
	s.t.Helper()
	s.end()
}

// Freeze stops all the server's processes where they are (SIGSTOP). Its
// connections stay open, and nothing answers.
func (s *Server) Freeze() {
	s.t.Helper()
	s.send(stop, frozen)
}

// Thaw lets a frozen server go on.
func (s *Server) Thaw() {
	s.t.Helper()
	s.send(carryOn, thawed)
}

// send sends sig to all processes of the server and waits until each is as
// want says, since signals take their time.
func (s *Server) send(sig syscall.Signal, want func(state byte) bool) {
	s.t.Helper()
	pids := tree(s.running())
	signal(pids, sig)
	if !await(pids, want) {
		s.t.Fatalf("%s did not take %v", s.spec.name, sig)
	}
}

// Restart starts the server again with its data at the same address, after a
// Stop if it runs, and waits until it answers.
func (s *Server) Restart() {
	s.t.Helper()
	s.Stop()
	s.launch()
}

// Running reports whether the server's process exists. That of a frozen one does.
func (s *Server) Running() bool {
	if s.cmd == nil {
		return false
	}
	select {
	case <-s.exited:
		return false
	default:
		return true
	}
}

func (s *Server) running() int {
	s.t.Helper()
	if !s.Running() {
		s.t.Fatalf("%s does not run", s.spec.name)
	}
	return s.cmd.Process.Pid
}

// end kills what is left of the server's processes and waits for their end.
func (s *Server) end() {
	if s.cmd == nil {
		return
	}
	pid := s.cmd.Process.Pid
	pids := tree(pid)
	_ = kill(-pid, killHard)
	signal(pids[1:], killHard)
	<-s.exited
	s.cmd = nil
	if !await(pids[1:], gone) {
		s.t.Errorf("%s left processes behind", s.spec.name)
	}
}

func (s *Server) logPath() string { return filepath.Join(s.Dir, s.spec.name+".log") }

// Log returns what the server has written to its output so far.
func (s *Server) Log() []byte {
	b, err := os.ReadFile(s.logPath())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		s.t.Error(err)
	}
	return b
}

func (s *Server) logTail() []byte {
	const limit = 2000
	b := s.Log()
	if len(b) > limit {
		b = b[len(b)-limit:]
		b = b[bytes.IndexByte(b, '\n')+1:]
	}
	return b
}

// talk connects to addr, sends hello and reads as much as fits into reply.
func talk(addr, hello string, reply []byte) error {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	if _, err := io.WriteString(conn, hello); err != nil {
		return err
	}
	_, err = io.ReadFull(conn, reply)
	return err
}

// output runs a server's own tool to its end and ends the test if it fails.
func output(t testing.TB, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", filepath.Base(cmd.Path), err, out)
	}
	return string(out)
}
