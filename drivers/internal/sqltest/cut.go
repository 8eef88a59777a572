package sqltest

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/record"
)

// cutter stands between a driver and its server.
type cutter struct {
	listener net.Listener
	server   string
	cut      atomic.Pointer[cut]
	wg       sync.WaitGroup
}

// cut is where the next connection ends: at a statement that begins with a
// word, which the server gets or does not. The driver gets no answer.
type cut struct {
	word    string
	forward bool
}

func newCutter(t *testing.T, server string) *cutter {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{listener: listener, server: server}
	c.wg.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			c.wg.Go(func() { c.serve(t, client.(*net.TCPConn)) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		c.wg.Wait()
	})
	return c
}

func (c *cutter) serve(t *testing.T, client *net.TCPConn) {
	defer client.Close()
	dialled, err := net.Dial("tcp", c.server)
	if err != nil {
		t.Error(err)
		return
	}
	server := dialled.(*net.TCPConn)
	var silent atomic.Bool
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		defer client.Close()
		b := make([]byte, 1<<16)
		for {
			n, err := server.Read(b)
			if !silent.Load() {
				_, _ = client.Write(b[:n])
			}
			if err != nil {
				return
			}
		}
	}()
	b := make([]byte, 1<<16)
	for {
		n, err := client.Read(b)
		end := c.cut.Load()
		if end != nil && bytes.Contains(b[:n], []byte(end.word)) && c.cut.CompareAndSwap(end, nil) {
			silent.Store(true)
			if !end.forward {
				break
			}
			err = io.EOF
		}
		if _, writeErr := server.Write(b[:n]); writeErr != nil || err != nil {
			break
		}
	}
	_ = server.CloseWrite() // which does what it has got, and ends
	<-answered
	_ = server.Close()
}

// testCut cuts a driver's connection in the middle of a write. A COMMIT
// without an answer may have been done; a transaction without a COMMIT has not.
func (e *Engine) testCut(t *testing.T) {
	database := e.Database(t)
	c := newCutter(t, e.Server.Addr)
	d := open(t, strings.Replace(e.URL("", database), e.Server.Addr, c.listener.Addr().String(), 1))
	defer d.Close()
	want := 0
	stored := func(n int) {
		t.Helper()
		want += n
		if got := e.Texts(t, database, "SELECT COUNT(*) FROM data"); got[0] != strconv.Itoa(want) {
			t.Errorf("%s rows, want %d", got[0], want)
		}
	}
	if err := d.Notify(t.Context(), drivertest.Trace(2, 0)); err != nil {
		t.Fatal(err)
	}
	stored(2)

	c.cut.Store(&cut{word: "COMMIT", forward: true})
	err := d.Notify(t.Context(), drivertest.Trace(3, 0))
	var rejected *record.RejectedError
	if err == nil || errors.Is(err, record.ErrNotSent) || errors.As(err, &rejected) {
		t.Errorf("a COMMIT without an answer: %v, want an error that leaves open whether it was done", err)
	}
	stored(3)

	c.cut.Store(&cut{word: "INSERT"})
	if err := d.Notify(t.Context(), drivertest.Trace(4, 0)); !errors.Is(err, record.ErrNotSent) {
		t.Errorf("a connection that ended before the rows: %v, want an error that is ErrNotSent", err)
	}
	stored(0)

	if err := d.Notify(t.Context(), drivertest.Trace(5, 0)); err != nil {
		t.Error(err)
	}
	stored(5)
}
