package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// patience is how long anything is waited for.
const patience = 5 * time.Minute

// status is what an agent says of itself.
type status struct {
	Spool  struct{ Messages uint64 }
	Stores []struct{ Stored uint64 }
}

func (t target) status() (s status, err error) {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, t.network, t.addr)
	}}}
	res, err := client.Get("http://agent/v1/status")
	if err != nil {
		return s, err
	}
	defer res.Body.Close()
	return s, json.NewDecoder(res.Body).Decode(&s)
}

// stored are the records that an agent's store has.
func (t target) stored() (float64, error) {
	s, err := t.status()
	if err != nil || len(s.Stores) == 0 {
		return 0, err
	}
	return float64(s.Stores[0].Stored), nil
}

// emptied waits until an agent's spool is empty.
func (t target) emptied() error {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if s, err := t.status(); err != nil || s.Spool.Messages == 0 {
			return err
		}
	}
	return fmt.Errorf("the spool is not empty after %v", patience)
}

// site is a NATS server with an agent that spools to it.
type site struct {
	nats, agent *process
	to          target
	conn        *nats.Conn
	stream      jetstream.Stream
}

func (b *bench) openSite(ctx context.Context) (s *site, err error) {
	s = &site{}
	defer func() {
		if err != nil {
			s.close()
			s = nil
		}
	}()
	if s.nats, err = start(role{Role: "nats", Dir: b.folder()}); err != nil {
		return s, err
	}
	s.agent, err = start(role{Role: "agent", Listen: "unix://" + b.folder() + ".sock", MaxBytes: 40 << 30, NATS: s.nats.said})
	if err != nil {
		return s, err
	}
	s.to = at(s.agent.said)
	if s.conn, err = nats.Connect(s.nats.said); err != nil {
		return s, err
	}
	js, err := jetstream.New(s.conn)
	if err != nil {
		return s, err
	}
	s.stream, err = js.Stream(ctx, "SONDE")
	return s, err
}

func (s *site) close() {
	if s.conn != nil {
		s.conn.Close()
	}
	for _, p := range []*process{s.agent, s.nats} {
		if p != nil {
			p.stop()
		}
	}
}

// messages are those in the spool.
func (s *site) messages(ctx context.Context) (jetstream.StreamState, error) {
	info, err := s.stream.Info(ctx)
	if err != nil {
		return jetstream.StreamState{}, err
	}
	return info.State, nil
}

// drain measures the way through a site: agent, NATS server and collector, each for
// itself.
func (b *bench) drain(ctx context.Context) error {
	fmt.Println("\nA site with one NATS server: what each process takes, records/s/core")
	fmt.Printf("%-44s %10s %12s %12s %10s %12s\n", "", "agent", "NATS, taking", "NATS, giving", "collector", "bytes/record")
	s, err := b.openSite(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	for _, c := range []struct {
		what                   string
		records, traces, posts int
	}{
		{"posts of 512 records of one trace", perPost, 1, b.posts},
		{"posts of 512 records of 16 traces", perPost, 16, b.posts / 2},
		{"posts of 32 records of one trace", 32, 1, b.posts * 3},
	} {
		var all [5][]float64
		for range b.rounds {
			figures, err := s.through(ctx, records(c.records, c.traces), c.records, c.posts)
			if err != nil {
				return err
			}
			for i, f := range figures {
				all[i] = append(all[i], f)
			}
		}
		fmt.Printf("%-44s %10s %12s %12s %10s %12.0f\n", c.what, thousands(median(all[0])), thousands(median(all[1])),
			thousands(median(all[2])), thousands(median(all[3])), median(all[4]))
	}
	fmt.Println("The goal of the collector is 300,000; its store keeps nothing.")
	return nil
}

// through sends posts and then has a collector take them. It returns the records per
// second and core of agent, NATS server (taking and giving) and collector, and the bytes
// of the spool for each record.
func (s *site) through(ctx context.Context, body []byte, perPost, posts int) (figures [5]float64, err error) {
	n := float64(perPost * posts)
	agent, nats := s.agent.cpu(), s.nats.cpu()
	if err := s.to.all(senders, posts, post("/v1/events", kind, body)); err != nil {
		return figures, err
	}
	figures[0], figures[1] = n/(s.agent.cpu()-agent).Seconds(), n/(s.nats.cpu()-nats).Seconds()
	state, err := s.messages(ctx)
	if err != nil {
		return figures, err
	}
	figures[4] = float64(state.Bytes) / n
	nats = s.nats.cpu()
	c, err := start(role{Role: "collector", NATS: s.nats.said})
	if err != nil {
		return figures, err
	}
	defer c.stop()
	began := c.cpu() // what its start has taken is not its work
	for end := time.Now().Add(patience); state.Msgs > 0; time.Sleep(20 * time.Millisecond) {
		if state, err = s.messages(ctx); err != nil {
			return figures, err
		}
		if time.Now().After(end) {
			return figures, fmt.Errorf("there are still %d messages after %v", state.Msgs, patience)
		}
	}
	figures[2], figures[3] = n/(s.nats.cpu()-nats).Seconds(), n/(c.cpu()-began).Seconds()
	return figures, nil
}
