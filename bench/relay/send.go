package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/record"
)

// perPost is how many records a program's queue hands over at once when it has many.
const perPost = 512

// records are n records of some traces, one after the other, as lines: points of a
// query, each with its start and its stop.
func records(n, traces int) []byte {
	began := time.Date(2026, 1, 2, 3, 4, 5, 678901234, time.UTC).UnixNano()
	var b []byte
	for t := range traces {
		trace := header.NewID()
		from := n * t / traces
		for i := range n*(t+1)/traces - from {
			e := record.Fields{
				Name: "db", Phase: record.Start, Trace: trace, Parent: trace, Point: pointID(i / 2), Time: began + int64(i)*123457,
				Project: "shop", Service: "cart", Number: record.Number{From: 0x9f3c5a0e12ab34cd, N: uint64(i + 1)},
				Info: []byte(`{"db":{"statement":"SELECT name, price FROM items WHERE shop = $1"},"host":"node-17"}`),
			}
			if i%2 == 1 {
				e.Phase, e.Info = record.Stop, []byte(`{"host":"node-17"}`)
			}
			event := record.New(e)
			b = append(event.AppendJSON(b), '\n')
		}
	}
	return b
}

func pointID(i int) header.ID {
	id, err := header.ParseID(fmt.Sprintf("9c0f1b2a-3d4e-4f50-8a1b-%012x", i))
	if err != nil {
		panic(err) // it is one
	}
	return id
}

// post is a request as it goes over the wire.
func post(path, kind string, body []byte) []byte {
	head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n", path, kind, len(body))
	return append([]byte(head), body...)
}

// target is where posts go.
type target struct{ network, addr string }

// at is the target of an address such as unix:///path or tcp://host:port.
func at(address string) target {
	network, addr, _ := strings.Cut(address, "://")
	return target{network, addr}
}

// sent counts the answers by status.
type sent struct{ ok, full, other atomic.Int64 }

// send sends posts from several senders at once, each of which waits for its answers,
// until n are sent. next makes the request of a post.
func (t target) send(senders, n int, next func() []byte) (*sent, error) {
	var (
		left   atomic.Int64
		counts sent
		wait   sync.WaitGroup
		failed = make(chan error, senders)
	)
	left.Store(int64(n))
	for range senders {
		wait.Go(func() {
			if err := t.sender(&left, &counts, next); err != nil {
				failed <- err
			}
		})
	}
	wait.Wait()
	select {
	case err := <-failed:
		return &counts, err
	default:
		return &counts, nil
	}
}

func (t target) sender(left *atomic.Int64, counts *sent, next func() []byte) error {
	conn, err := net.Dial(t.network, t.addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	answers := bufio.NewReader(conn)
	for left.Add(-1) >= 0 {
		if _, err := conn.Write(next()); err != nil {
			return err
		}
		res, err := http.ReadResponse(answers, nil)
		if err != nil {
			return err
		}
		text, err := io.ReadAll(res.Body)
		res.Body.Close()
		switch {
		case err != nil:
			return err
		case res.StatusCode == http.StatusOK:
			counts.ok.Add(1)
		case res.StatusCode == http.StatusTooManyRequests:
			counts.full.Add(1)
		default:
			return fmt.Errorf("the answer to a post: %s, %s", res.Status, text)
		}
	}
	return nil
}

// all sends n posts, none of which may be refused.
func (t target) all(senders, n int, request []byte) error {
	counts, err := t.send(senders, n, func() []byte { return request })
	if err == nil && counts.full.Load() > 0 {
		err = fmt.Errorf("%d posts were refused as too many", counts.full.Load())
	}
	return err
}

// fresh are posts whose records are each of a trace of their own.
func fresh() []byte {
	return post("/v1/events", "application/x-ndjson", records(perPost, perPost))
}
