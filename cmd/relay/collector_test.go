package relay

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/sonde-go/sonde/cli"
	_ "github.com/sonde-go/sonde/drivers/memory"
	"github.com/sonde-go/sonde/internal/servertest/natstest"
	"github.com/sonde-go/sonde/internal/watchdog"
)

// TestCollectorAndQuarantine: what is no record is put aside by a collector, and is
// listed, shown, tried again and dropped.
func TestCollectorAndQuarantine(t *testing.T) {
	server := natstest.JetStream(t)
	cluster := clusterFlags{Jetstream: cli.Secret(server.URL)}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	lines, out := io.Pipe()
	done := make(chan error, 1)
	go func() {
		c := &collectorRun{
			clusterFlags: cluster, Replicas: 1, Store: []cli.Secret{"memory://"}, MaxMemory: "8MiB",
			Metrics: "127.0.0.1:0", StopTimeout: time.Second, LogFormat: "json",
		}
		done <- c.run(ctx, out, io.Discard)
		out.Close()
	}()
	first := make([]byte, 1000)
	n, err := lines.Read(first)
	if err != nil || !strings.HasPrefix(string(first[:n]), "sonde collector: takes records to memory://, metrics at http://127.0.0.1:") {
		t.Fatalf("%q: %v", first[:n], err)
	}
	nc, err := nats.Connect(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), "sonde.v1.00", []byte("what\x1b[31m?")); err != nil {
		t.Fatal(err)
	}

	flags := quarantineFlags{clusterFlags: cluster}
	var text bytes.Buffer
	list := func() string {
		text.Reset()
		if err := (&quarantineList{quarantineFlags: flags, Format: "text"}).run(t.Context(), &text); err != nil {
			t.Fatal(err)
		}
		return text.String()
	}
	watchdog.Until(t, "the record in the list", func() bool { return strings.Contains(list(), "without the header") })
	if !strings.HasPrefix(text.String(), "NUMBER  SINCE") || !strings.Contains(text.String(), "\n1 ") {
		t.Errorf("%s", text.String())
	}
	text.Reset()
	if err := (&quarantineShow{flags, 1, "text"}).run(t.Context(), &text); err != nil || !strings.Contains(text.String(), "reason  a message without the header") || strings.Contains(text.String(), "\x1b") {
		t.Errorf("%q, %v", text.String(), err)
	}
	text.Reset()
	if err := (&quarantineShow{flags, 1, "json"}).run(t.Context(), &text); err != nil || !strings.Contains(text.String(), `"source":"collector"`) {
		t.Errorf("%s, %v", text.String(), err)
	}
	text.Reset()
	if err := (&quarantineRetry{chosen{flags, []uint64{1, 99}, false}}).run(t.Context(), &text); err == nil || !strings.Contains(err.Error(), "record 99: there is no such record") || !strings.HasPrefix(text.String(), "1 of 2 records") {
		t.Errorf("%s, %v", text.String(), err)
	}
	watchdog.Until(t, "the record again", func() bool { return strings.Contains(list(), "\n2 ") })
	text.Reset()
	if err := (&quarantineDrop{chosen{flags, nil, true}}).run(t.Context(), &text); err != nil || text.String() != "1 of 1 records are deleted\n" {
		t.Errorf("%s, %v", text.String(), err)
	}
	if got := list(); got != "" {
		t.Errorf("%q", got)
	}

	_, address, _ := strings.Cut(string(first[:n]), "metrics at ")
	resp, err := http.Get(strings.TrimSpace(address))
	if err != nil {
		t.Fatal(err)
	}
	metrics, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if err != nil || !strings.Contains(string(metrics), "sonde_collector_records_quarantined_total 2\n") {
		t.Errorf("%s, %v", metrics, err)
	}
	stop()
	if err := watchdog.Await(t, "the collector's end", done); err != nil {
		t.Error(err)
	}
}

func TestCollectorCheck(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	rules := file("rules.yaml", "rules:\n  - redact: {keys: '**.password'}\n  - when: {name: http}\n    drop: true\n")
	records := file("records.jsonl", sample+"\n\n"+strings.Replace(sample, "db-start", "http-stop", 1)+"\n"+strings.Replace(sample, "password", "name", 1)+"\n")
	var out bytes.Buffer
	if err := (&collectorCheck{Transform: rules, Record: records}).run(t.Context(), nil, &out); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"2 rules\n", "line 2 redacts 1 value\nafter ", `"password":"***"`, "line 2 redacts 1 value\nline 3 drops the record\n", "no rule has an effect\n"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("no %q in\n%s", part, out.String())
		}
	}
	out.Reset()
	if err := (&collectorCheck{Transform: rules}).run(t.Context(), nil, &out); err != nil || !strings.Contains(out.String(), "redacts 1 value") {
		t.Errorf("%s, %v", out.String(), err)
	}
	for want, c := range map[string]*collectorCheck{
		"nothing to check":   {},
		"no such file":       {Transform: dir + "/none"},
		`no key "redcat"`:    {Transform: file("bad.yaml", "rules: [{redcat: 1}]")},
		"tail.yaml:1":        {Tail: file("tail.yaml", "nothing: 1\n")},
		"record 1: it is no": {Transform: rules, Record: file("bad.jsonl", "x\n")},
	} {
		if err := c.run(t.Context(), nil, io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
}

func TestFlagsTeach(t *testing.T) {
	for want, run := range map[string]func() error{
		"needs --jetstream": func() error { return (&collectorRun{}).run(t.Context(), io.Discard, io.Discard) },
		"needs --store": func() error {
			return (&collectorRun{clusterFlags: clusterFlags{Jetstream: "nats://127.0.0.1:1"}}).run(t.Context(), io.Discard, io.Discard)
		},
		"whose quarantine?": func() error {
			return (&quarantineList{quarantineFlags: quarantineFlags{Socket: "/nowhere", DataDir: "/nowhere"}}).run(t.Context(), io.Discard)
		},
		"no agent answers at /nowhere": func() error {
			return (&quarantineList{quarantineFlags: quarantineFlags{Socket: "/nowhere"}}).run(t.Context(), io.Discard)
		},
		"--data-dir: ": func() error {
			return (&quarantineList{quarantineFlags: quarantineFlags{DataDir: "/nowhere"}}).run(t.Context(), io.Discard)
		},
		"which records?":       func() error { return (&quarantineDrop{}).run(t.Context(), io.Discard) },
		"--jetstream-ca:":      func() error { return second((&clusterFlags{JetstreamCA: "/nowhere"}).tls()) },
		"--jetstream-cert and": func() error { return second((&clusterFlags{JetstreamCert: "/nowhere"}).tls()) },
	} {
		if err := run(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }
