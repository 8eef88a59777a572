package evidence

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// proxy stands before PostgreSQL and knows its protocol well enough to hold up, or
// to cut off, the statements it is told to.
type proxy struct {
	addr string

	mu   sync.Mutex
	part string        // of the statements that are meant; "": none
	hold time.Duration // before the server gets one
	cut  bool          // the connection is closed instead
}

func startProxy(t *testing.T, server string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{addr: listener.Addr().String()}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() { p.serve(client, server) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		running.Wait()
	})
	return p
}

// plan says what is done to statements with this part, until the next call.
func (p *proxy) plan(part string, hold time.Duration, cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.part, p.hold, p.cut = part, hold, cut
}

func (p *proxy) serve(client net.Conn, addr string) {
	defer client.Close()
	server, err := net.Dial("tcp", addr)
	if err != nil {
		return
	}
	var back sync.WaitGroup
	back.Go(func() {
		_, _ = io.Copy(client, server)
		_ = client.Close()
	})
	_ = p.forward(server, client)
	_ = server.Close()
	back.Wait()
}

var errCut = errors.New("cut off")

// forward passes on what a client sends. Its first message has no type.
func (p *proxy) forward(server io.Writer, client io.Reader) error {
	for first := true; ; first = false {
		head := make([]byte, 5)
		if first {
			head = head[:4]
		}
		if _, err := io.ReadFull(client, head); err != nil {
			return err
		}
		body := make([]byte, int(binary.BigEndian.Uint32(head[len(head)-4:]))-4)
		if _, err := io.ReadFull(client, body); err != nil {
			return err
		}
		if !first && p.meant(head[0], body) {
			if err := p.meddle(); err != nil {
				return err
			}
		}
		if _, err := server.Write(append(head, body...)); err != nil {
			return err
		}
	}
}

// meant says whether a message is a statement of the plan: a simple query, or one
// that is parsed to be run.
func (p *proxy) meant(kind byte, body []byte) bool {
	if kind == 'P' {
		_, body, _ = bytes.Cut(body, []byte{0}) // the prepared statement's name
	} else if kind != 'Q' {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.part != "" && strings.Contains(string(body), p.part)
}

func (p *proxy) meddle() error {
	p.mu.Lock()
	hold, cut := p.hold, p.cut
	p.mu.Unlock()
	time.Sleep(hold)
	if cut {
		return errCut
	}
	return nil
}
