package natstest

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func connect(t *testing.T, s *Server) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

func TestNATS(t *testing.T) {
	s := NATS(t)
	nc := connect(t, s)
	sub, err := nc.SubscribeSync("a")
	if err != nil {
		t.Fatal(err)
	}
	if err := nc.Publish("a", []byte("x")); err != nil {
		t.Fatal(err)
	}
	if m, err := sub.NextMsg(10 * time.Minute); err != nil || string(m.Data) != "x" {
		t.Errorf("%v, %v", m, err)
	}
	s.Stop()
	if _, err := nats.Connect(s.URL); err == nil {
		t.Error("a stopped server takes connections")
	}
	s.Stop() // twice is once
}

func TestJetStreamSurvivesRestart(t *testing.T) {
	s := JetStream(t)
	js, err := connect(t, s).JetStream()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.AddStream(&nats.StreamConfig{Name: "S", Subjects: []string{"s"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish("s", []byte("kept")); err != nil {
		t.Fatal(err)
	}
	addr := s.Addr
	s.Restart()
	if s.Addr != addr {
		t.Errorf("moved from %s to %s", addr, s.Addr)
	}
	js, err = connect(t, s).JetStream()
	if err != nil {
		t.Fatal(err)
	}
	if m, err := js.GetMsg("S", 1); err != nil || string(m.Data) != "kept" {
		t.Errorf("%v, %v", m, err)
	}
}
