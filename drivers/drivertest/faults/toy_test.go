package faults_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/drivers/drivertest/faults"
	"github.com/sonde-go/sonde/drivers/kit"
	"github.com/sonde-go/sonde/record"
)

// toyServer keeps lines of JSON. A client sends a line with its password and one
// with what it wants, the lines that it wants stored, and a blank one; the answer
// is lines and "done", or one other word.
type toyServer struct {
	password string

	mu    sync.Mutex
	full  bool
	lines []string
}

func newToyServer(t *testing.T) (*toyServer, *faults.Proxy) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &toyServer{password: faults.Secret}
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			wg.Add(1)
			go func() {
				defer wg.Done()
				defer conn.Close()
				s.serve(conn)
			}()
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		wg.Wait()
	})
	return s, faults.NewProxy(t, listener.Addr().String()) // whose clean-up comes first
}

func (s *toyServer) serve(conn net.Conn) {
	var request []string
	for r := bufio.NewReader(conn); ; {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		if line = strings.TrimSuffix(line, "\n"); line == "" {
			break
		}
		request = append(request, line)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case request[0] != "password "+s.password:
		_, _ = io.WriteString(conn, "denied\n")
	case request[1] == "put" && s.full:
		_, _ = io.WriteString(conn, "full\n")
	case request[1] == "put":
		s.lines = append(s.lines, request[2:]...)
		_, _ = io.WriteString(conn, "done\n")
	default:
		_, _ = io.WriteString(conn, strings.Join(append(s.lines, "done"), "\n")+"\n")
	}
}

func (s *toyServer) setFull(full bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.full = full
}

func (s *toyServer) distinct() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := map[string]bool{}
	for _, line := range s.lines {
		seen[line] = true
	}
	return len(seen)
}

// toy is its driver, with a fault or none.
type toy struct {
	addr, password string
	patience       time.Duration // for an answer
	fault          string
	refused        atomic.Bool // a put, whose successor is lost by one fault
}

func openToy(_ context.Context, u *drivers.URL, _ drivers.Options) (driver.Driver, error) {
	host, _, err := u.Server()
	if err != nil {
		return nil, err
	}
	d := &toy{addr: host.Addr, password: host.Password, patience: u.Duration("socket_timeout"), fault: fault()}
	if d.patience == 0 {
		d.patience = time.Minute
	}
	return d, nil
}

func (d *toy) Close() error { return nil }

// ask sends a request and returns the lines of the answer; sent reports whether the
// server may have got it.
func (d *toy) ask(ctx context.Context, what string, lines ...string) (answer []string, sent bool, err error) {
	cause := fmt.Errorf("toy at %s: %w", d.addr, drivers.ErrNoAnswer)
	if d.fault == "does not say that no answer came" {
		cause = nil
	}
	if what == "put" && d.refused.CompareAndSwap(true, false) {
		return nil, true, nil
	}
	if what == "put" && d.refused.CompareAndSwap(true, false) {
		return nil, true, nil
	}
	bounded, cancel := context.WithTimeoutCause(ctx, d.patience, cause)
	defer cancel()
	var dialer net.Dialer
	conn, err := dialer.DialContext(bounded, "tcp", d.addr)
	if err != nil {
		if what == "put" && d.fault == "takes a server that stays away for one that has stored" {
			d.refused.Store(true)
		}
		return nil, false, err
	}
	defer conn.Close()
	stop := context.AfterFunc(bounded, func() { _ = conn.SetDeadline(time.Now()) })
	defer stop()
	if _, err := io.WriteString(conn, strings.Join(append([]string{"password " + d.password, what}, lines...), "\n")+"\n\n"); err != nil {
		return nil, true, err
	}
	if d.fault == "takes the first piece of an answer for the whole" {
		b := make([]byte, 1<<16)
		n, err := conn.Read(b)
		return strings.Split(string(b[:n]), "\n"), true, err
	}
	for r := bufio.NewReader(conn); ; {
		line, err := r.ReadString('\n')
		if err != nil {
			return answer, true, errors.Join(context.Cause(bounded), err)
		}
		switch line = strings.TrimSuffix(line, "\n"); line {
		case "done":
			return answer, true, nil
		case "denied":
			err := errors.New("access denied")
			if d.fault == "tells the password" {
				err = fmt.Errorf("access denied with password %s", d.password)
			}
			return nil, false, err
		case "full":
			switch d.fault {
			case "takes a full store for one that has stored":
				return nil, true, nil
			case "gives records up that there is no room for":
				return nil, true, &record.RejectedError{Indexes: []int{0}, Err: errors.New("no room")}
			}
			return nil, false, errors.New("no room")
		}
		answer = append(answer, line)
	}
}

func (d *toy) Notify(ctx context.Context, events []record.Event) error {
	var lines []string
	for i := range events {
		lines = append(lines, string(events[i].AppendJSON(nil)))
	}
	_, sent, err := d.ask(ctx, "put", lines...)
	if err != nil && (!sent || d.fault == "says of each failure that nothing was sent") {
		if d.fault == "never says that nothing was sent" {
			return err
		}
		return fmt.Errorf("%w: %w", record.ErrNotSent, err)
	}
	return err
}

func (d *toy) Records(ctx context.Context, trace string) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) {
		lines, _, err := d.ask(ctx, "get")
		for _, line := range lines {
			r, bad := record.Parse([]byte(line))
			if (bad != nil || r.Trace == trace) && !yield(r, bad) {
				return
			}
		}
		if err != nil && d.fault != "reads as if a failure were an end" {
			yield(record.Record{}, err)
		}
	}
}

func (d *toy) Traces(ctx context.Context, q driver.Query) iter.Seq2[driver.Trace, error] {
	return func(yield func(driver.Trace, error) bool) {
		lines, _, err := d.ask(ctx, "get")
		if err != nil {
			yield(driver.Trace{}, err)
			return
		}
		list := kit.NewTraceList(q)
		for _, line := range lines {
			if r, err := record.Parse([]byte(line)); err == nil {
				list.Add(&r)
			}
		}
		for _, t := range list.Sorted() {
			if !yield(t, nil) {
				return
			}
		}
	}
}

func (d *toy) Ping(ctx context.Context) error {
	_, _, err := d.ask(ctx, "get")
	return err
}
