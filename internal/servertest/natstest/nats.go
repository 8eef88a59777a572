// Package natstest runs NATS servers inside the test program, on free ports of
// 127.0.0.1.
package natstest

import (
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Server is a running NATS server. Its methods must be called from the goroutine of
// the test.
type Server struct {
	Addr string // 127.0.0.1:port
	URL  string // nats://127.0.0.1:port

	t       testing.TB
	options server.Options
	running *server.Server
}

// NATS starts a server without persistence.
func NATS(t testing.TB) *Server { return Start(t, server.Options{}) }

// JetStream starts a server with JetStream, which keeps its streams in a
// temporary folder and over a Restart.
func JetStream(t testing.TB) *Server {
	return Start(t, server.Options{JetStream: true, StoreDir: t.TempDir()})
}

// Start runs a server with the given options until the test ends. Host, port
// and what concerns logs and signals are set here.
func Start(t testing.TB, options server.Options) *Server {
	t.Helper()
	options.Host, options.Port = "127.0.0.1", server.RANDOM_PORT
	options.NoLog, options.NoSigs = true, true
	s := &Server{t: t, options: options}
	t.Cleanup(s.Stop)
	s.launch()
	addr := s.running.Addr().(*net.TCPAddr)
	s.options.Port = addr.Port // for a Restart
	s.Addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(addr.Port))
	s.URL = "nats://" + s.Addr
	return s
}

func (s *Server) launch() {
	s.t.Helper()
	options := s.options
	running, err := server.NewServer(&options)
	if err != nil {
		s.t.Fatalf("NATS: %v", err)
	}
	running.Start()
	s.running = running
	if !running.ReadyForConnections(10 * time.Minute) {
		s.t.Fatal("NATS does not answer")
	}
}

// Stop closes all connections and ends the server.
func (s *Server) Stop() {
	if s.running != nil {
		s.running.Shutdown()
		s.running.WaitForShutdown()
		s.running = nil
	}
}

// Restart starts the server again at its address, after a Stop if it runs.
func (s *Server) Restart() {
	s.t.Helper()
	s.Stop()
	s.launch()
}
