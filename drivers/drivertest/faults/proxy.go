package faults

import (
	"net"
	"sync"
	"testing"
	"time"

	"github.com/sonde-go/sonde/internal/watchdog"
)

// Proxy passes bytes between clients and a server. With it, a stand-in in the
// test's own process can be stopped, killed and frozen too.
type Proxy struct {
	Addr string // 127.0.0.1 and a port, the same for ever

	t      testing.TB
	server string
	done   sync.WaitGroup

	mu       sync.Mutex
	changed  *sync.Cond // frozen
	listener net.Listener
	pipes    map[*pipe]bool
	frozen   bool
	pause    time.Duration // between the pieces of a reply; 0: replies pass whole
	cut      int           // a connection ends after so many bytes of replies; -1: none does
	cuts     int           // connections that were cut so far
}

// pipe is a client's connection and the one to the server.
type pipe struct {
	client, server *net.TCPConn
	cut            bool
}

// parting is how long a server may take to end a connection that its client has
// ended.
const parting = 5 * time.Second

// NewProxy starts a proxy for the server at host:port. It listens until the test
// ends.
func NewProxy(t testing.TB, server string) *Proxy {
	t.Helper()
	p := &Proxy{Addr: "127.0.0.1:0", t: t, server: server, pipes: map[*pipe]bool{}, cut: -1}
	p.changed = sync.NewCond(&p.mu)
	p.Start()
	t.Cleanup(func() {
		p.Thaw()
		p.Stop()
		p.done.Wait()
	})
	return p
}

// Start listens again after Stop.
func (p *Proxy) Start() {
	p.t.Helper()
	listener, err := net.Listen("tcp", p.Addr)
	if err != nil {
		p.t.Fatal(err)
	}
	p.mu.Lock()
	p.Addr, p.listener = listener.Addr().String(), listener
	p.mu.Unlock()
	p.done.Add(1)
	go func() {
		defer p.done.Done()
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			p.done.Add(1)
			go func() {
				defer p.done.Done()
				p.serve(listener, client.(*net.TCPConn))
			}()
		}
	}()
}

// Stop refuses new connections and ends the existing ones.
func (p *Proxy) Stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		_ = p.listener.Close()
		p.listener = nil
	}
	for c := range p.pipes {
		_ = c.client.Close()
		_ = c.server.Close()
	}
}

// Freeze stops all bytes. Connections stay open, and new ones are accepted.
func (p *Proxy) Freeze() { p.set(func() { p.frozen = true }) }

// Thaw lets bytes pass again.
func (p *Proxy) Thaw() { p.set(func() { p.frozen = false }) }

func (p *Proxy) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
	p.changed.Broadcast()
}

func (p *Proxy) serve(listener net.Listener, client *net.TCPConn) {
	defer client.Close()
	dialled, err := net.Dial("tcp", p.server)
	if err != nil {
		return
	}
	c := &pipe{client: client, server: dialled.(*net.TCPConn)}
	defer c.server.Close()
	p.mu.Lock()
	current := p.listener == listener // else it was stopped meanwhile
	if current {
		p.pipes[c] = true
	}
	p.mu.Unlock()
	if !current {
		return
	}
	defer p.set(func() { delete(p.pipes, c) })
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		b := make([]byte, 64<<10)
		for {
			n, err := client.Read(b)
			p.await()
			if _, failed := c.server.Write(b[:n]); err != nil || failed != nil {
				_ = c.server.CloseWrite() // it does what it has got, and ends
				return
			}
		}
	}()
	b := make([]byte, 64<<10)
	for {
		n, err := c.server.Read(b)
		p.await()
		if p.reply(c, b[:n]) != nil || err != nil {
			break
		}
	}
	_ = client.Close()
	<-sent
	_ = c.server.SetReadDeadline(time.Now().Add(parting))
	for { // what is left of a reply that was cut
		if _, err := c.server.Read(b); err != nil {
			return
		}
	}
}

// await waits while the proxy is frozen.
func (p *Proxy) await() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.frozen {
		p.changed.Wait()
	}
}

// reply passes a part of a reply on, or what may pass of it.
func (p *Proxy) reply(c *pipe, b []byte) error {
	p.mu.Lock()
	pause, ends := p.pause, p.cut >= 0 && len(b) > p.cut
	if ends {
		b, p.cut, c.cut = b[:p.cut], -1, true
		p.cuts++
	} else if p.cut >= 0 {
		p.cut -= len(b)
	}
	p.mu.Unlock()
	for n := 1; pause > 0 && len(b) > n; n *= 2 {
		if _, err := c.client.Write(b[:n]); err != nil {
			return err
		}
		b = b[n:]
		time.Sleep(pause)
	}
	_, err := c.client.Write(b)
	if ends && err == nil {
		err = net.ErrClosed
	}
	return err
}

// slow makes replies arrive in pieces from now on, each twice as long as the one
// before.
func (p *Proxy) slow(pause time.Duration) { p.set(func() { p.pause = pause }) }

// CutAfter ends one connection after n more bytes of replies, counted over all
// connections. What the client has sent still reaches the server.
func (p *Proxy) CutAfter(n int) { p.set(func() { p.cut = n }) }

// rest stops cutting connections, waits until the server has handled what it was
// sent over those that were cut, and returns how many were cut so far.
func (p *Proxy) rest() int {
	p.t.Helper()
	watchdog.Until(p.t, "the end of connections", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.cut = -1
		for c := range p.pipes {
			if c.cut {
				return false
			}
		}
		return true
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cuts
}
