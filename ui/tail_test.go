package ui

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/record"
)

// event is one of a stream.
type event struct{ name, data string }

// followed are the events of a stream, until it ends.
func followed(t *testing.T, ctx context.Context, url string) <-chan event {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "text/event-stream" {
		answer.Body.Close()
		t.Fatalf("%s: %s", url, answer.Status)
	}
	events := make(chan event, 100)
	go func() {
		defer close(events)
		defer answer.Body.Close()
		var e event
		for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "event":
				e.name = value
			case "data":
				e.data = value
			case "":
				if e.name != "" {
					events <- e
				}
				e = event{}
			}
		}
	}()
	return events
}

// write writes a half of a point.
func write(t *testing.T, store *drivers.Store, trace, name string, phase record.Phase) {
	t.Helper()
	id, err := header.ParseID(trace)
	if err != nil {
		t.Fatal(err)
	}
	point, err := header.ParseID(name)
	if err != nil {
		t.Fatal(err)
	}
	f := record.Fields{Name: name, Phase: phase, Trace: id, Parent: id, Point: point, Project: "p", Service: "s\x1b[31m", Host: "h", Time: time.Now().UnixNano(), Info: []byte(`{"host":"h"}`)}
	if err := store.Notify(t.Context(), []record.Event{record.New(f)}); err != nil {
		t.Fatal(err)
	}
}

// TestTail: what is there comes first, then what comes and what changes.
func TestTail(t *testing.T) {
	store := open(t, "memory://")
	write(t, store, "old", "a", record.Start)
	write(t, store, "old", "a", record.Stop)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	events := followed(t, ctx, served(t, New(store, Options{}))+"/api/v1/tail?limit=10")
	// next is the next event of a trace.
	next := func(trace string, ended bool) {
		t.Helper()
		for {
			e := watchdog.Await(t, trace, events)
			var line struct {
				Trace string
				Ended bool
			}
			if err := json.Unmarshal([]byte(e.data), &line); err != nil || e.name != "trace" || strings.Contains(e.data, "\x1b") {
				t.Fatalf("%v in %+v", err, e)
			}
			if line.Trace == trace && line.Ended == ended {
				return
			}
		}
	}
	next("old", true)
	write(t, store, "new", "b", record.Start)
	next("new", false)
	write(t, store, "new", "b", record.Stop)
	next("new", true)
	cancel()
	for range events { // until the stream has ended
	}
	http.DefaultClient.CloseIdleConnections()
}

// TestTailOne: a trace is followed until it has ended.
func TestTailOne(t *testing.T) {
	store := open(t, "memory://")
	write(t, store, "one", "a", record.Start)
	events := followed(t, t.Context(), served(t, New(store, Options{}))+"/api/v1/traces/one/tail")
	if e := watchdog.Await(t, "the first", events); e.name != "changed" || e.data != `{"records":1,"points":1,"unfinished":1}` {
		t.Errorf("%+v", e)
	}
	write(t, store, "one", "a", record.Stop)
	if e := watchdog.Await(t, "the second", events); e.name != "changed" || e.data != `{"records":2,"points":1,"unfinished":0}` {
		t.Errorf("%+v", e)
	}
	if e := watchdog.Await(t, "the end", events); e.name != "ended" {
		t.Errorf("%+v", e)
	}
	if e, more := <-events; more {
		t.Errorf("after the end: %+v", e)
	}
	http.DefaultClient.CloseIdleConnections()
}

// TestTails: so many may follow, and no more; a store that fails is an event, and the
// stream goes on.
func TestTails(t *testing.T) {
	url := served(t, New(drivers.NewStore("dead://", brokenList{}), Options{})) + "/api/v1/tail"
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	broken := served(t, New(drivers.NewStore("dead://u:secret@h", brokenList{broken{context.Canceled}}), Options{})) + "/api/v1/tail"
	if e := watchdog.Await(t, "a problem", followed(t, ctx, broken)); e.name != "problem" || !strings.Contains(e.data, `"status":`) || strings.Contains(e.data, "secret") {
		t.Errorf("%+v", e)
	}
	var all []<-chan event
	for range mostTails {
		all = append(all, followed(t, ctx, url))
	}
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" {
		t.Errorf("%s", answer.Status)
	}
	cancel()
	for _, events := range all {
		for range events {
		}
	}
	http.DefaultClient.CloseIdleConnections()
}
