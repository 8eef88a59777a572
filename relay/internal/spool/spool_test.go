package spool

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/internal/servertest/natstest"
)

func open(t *testing.T, c Config) *Spool {
	t.Helper()
	s, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// batches are n batches of traces of their own.
func batches(from, n int) []Batch {
	all := make([]Batch, n)
	for i := range all {
		all[i] = Batch{ID: fmt.Sprintf("0000000000000001-%d", from+i), Trace: fmt.Sprintf("trace-%d", from+i), Records: 1, Text: fmt.Appendf(nil, `{"n":%d}`+"\n", from+i)}
	}
	return all
}

func put(t *testing.T, s *Spool, all []Batch) (repeated int) {
	t.Helper()
	for i, r := range s.Publish(t.Context(), all) {
		if r.Err != nil {
			t.Fatalf("batch %d: %v", i, r.Err)
		}
		if r.Repeated {
			repeated++
		}
	}
	return repeated
}

// drain takes all messages out of the spool, by trace.
func drain(t *testing.T, s *Spool) map[string]Batch {
	t.Helper()
	consumer, err := s.JetStream().CreateOrUpdateConsumer(t.Context(), StreamName, jetstream.ConsumerConfig{Durable: "drain", AckPolicy: jetstream.AckExplicitPolicy})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]Batch{}
	for {
		got, err := consumer.FetchNoWait(1000)
		if err != nil {
			t.Fatal(err)
		}
		some := false
		for m := range got.Messages() {
			some = true
			b, err := Decode(m.Subject(), m.Headers(), m.Data())
			if err != nil {
				t.Fatal(err)
			}
			if _, twice := found[b.Trace]; twice {
				t.Errorf("%s is there twice", b.Trace)
			}
			found[b.Trace] = b
			if err := m.DoubleAck(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if !some {
			return found
		}
	}
}

// same says whether batches were found as they were put in.
func same(t *testing.T, found map[string]Batch, want []Batch) {
	t.Helper()
	if len(found) != len(want) {
		t.Errorf("%d batches were found, want %d", len(found), len(want))
	}
	for _, b := range want {
		if got := found[b.Trace]; got.ID != b.ID || got.Records != b.Records || string(got.Text) != string(b.Text) {
			t.Errorf("%s is %+v, want %+v", b.Trace, got, b)
		}
	}
}

func TestKept(t *testing.T) {
	for name, sync := range map[string]time.Duration{"always": SyncAlways, "interval": 100 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, Config{Dir: dir, Sync: sync})
			all := batches(0, 1203) // in two publications and a little one
			put(t, s, all[:1202])
			put(t, s, all[1202:])
			if st, err := s.State(t.Context()); err != nil || st.Messages != 1203 || st.MaxBytes != DefaultMaxBytes || st.Oldest.IsZero() || st.Bytes == 0 {
				t.Errorf("%+v, %v", st, err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = open(t, Config{Dir: dir, Sync: sync})
			same(t, drain(t, s), all)
			if st, err := s.State(t.Context()); err != nil || st.Messages != 0 || !st.Oldest.IsZero() {
				t.Errorf("once drained: %+v, %v", st, err)
			}
		})
	}
}

// TestPolicyChanges: a data folder may be opened with another policy than before.
func TestPolicyChanges(t *testing.T) {
	dir := t.TempDir()
	all := batches(0, 30)
	for i, sync := range []time.Duration{SyncAlways, time.Second, SyncAlways} {
		s := open(t, Config{Dir: dir, Sync: sync, MaxBytes: int64(i+1) << 20})
		put(t, s, all[i*10:(i+1)*10])
		if i == 2 {
			same(t, drain(t, s), all)
		}
		s.Close()
	}
}

// asOne has s publish several messages as one, as it does where a cluster keeps the
// stream.
func asOne(t *testing.T, s *Spool) {
	t.Helper()
	config := s.stream.CachedInfo().Config
	config.AllowAtomicPublish = true
	if _, err := s.js.UpdateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	s.atomic = true
}

// TestRepeated: what is published again is there once, whether together with new
// batches or alone.
func TestRepeated(t *testing.T) {
	for name, sync := range map[string]time.Duration{"always": SyncAlways, "interval": time.Second, "as one": SyncAlways} {
		t.Run(name, func(t *testing.T) {
			s := open(t, Config{Dir: t.TempDir(), Sync: sync})
			if name == "as one" {
				asOne(t, s)
			}
			all := batches(0, 20)
			put(t, s, all[:10])
			if n := put(t, s, all[5:]); n != 5 {
				t.Errorf("%d were repeated, want 5", n)
			}
			if n := put(t, s, all[19:]); n != 1 {
				t.Errorf("%d were repeated, want 1", n)
			}
			same(t, drain(t, s), all)
			if n := put(t, s, all); n != 20 {
				t.Errorf("of those that were drained %d were known, want 20", n)
			}
		})
	}
}

func TestFull(t *testing.T) {
	for name, sync := range map[string]time.Duration{"always": SyncAlways, "interval": time.Second, "as one": SyncAlways} {
		t.Run(name, func(t *testing.T) {
			s := open(t, Config{Dir: t.TempDir(), Sync: sync, MaxBytes: 64 << 10})
			if name == "as one" {
				asOne(t, s)
			}
			all := batches(0, 40)
			for i := range all {
				all[i].Text = []byte(strings.Repeat("x", 10<<10))
			}
			var kept []Batch
			full := false
			for i := 0; i < len(all); i += 4 {
				for k, r := range s.Publish(t.Context(), all[i:i+4]) {
					switch {
					case r.Err == nil:
						kept = append(kept, all[i+k])
					case errors.Is(r.Err, ErrFull):
						full = true
					default:
						t.Fatal(r.Err)
					}
				}
			}
			if !full || len(kept) == 0 {
				t.Fatalf("full: %v, kept %d", full, len(kept))
			}
			same(t, drain(t, s), kept)
			put(t, s, all[36:]) // there is room again
		})
	}
}

func TestOneProcess(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Config{Dir: dir})
	if _, err := Open(t.Context(), Config{Dir: dir}); !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), dir) {
		t.Errorf("a data folder that is open: %v", err)
	}
	s.Close()
	open(t, Config{Dir: dir})
}

func TestConfigErrors(t *testing.T) {
	for name, c := range map[string]Config{
		"nothing": {},
		"both":    {Dir: t.TempDir(), URL: "nats://127.0.0.1:1"},
		"nobody":  {URL: "nats://127.0.0.1:1"},
		"no file": {URL: "nats://127.0.0.1:1", Credentials: "/does/not/exist"},
	} {
		if s, err := Open(t.Context(), c); err == nil {
			s.Close()
			t.Errorf("%s: no error", name)
		}
	}
}

func TestQuarantine(t *testing.T) {
	s := open(t, Config{Dir: t.TempDir()})
	bad := []Bad{
		{ID: "a-1", Trace: "t", Reason: "line 1:\nno object ü", Source: "collector", Text: []byte("[]")},
		{ID: "a-2", Trace: "t", Reason: "no name", Source: "collector", Text: []byte("{}")},
	}
	for range 2 { // the second time they are known
		if err := s.Quarantine(t.Context(), bad); err != nil {
			t.Fatal(err)
		}
	}
	c, err := s.JetStream().OrderedConsumer(t.Context(), QuarantineStream, jetstream.OrderedConsumerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.FetchNoWait(10)
	if err != nil {
		t.Fatal(err)
	}
	var found []Bad
	for m := range got.Messages() {
		found = append(found, DecodeBad(m.Headers(), m.Data()))
	}
	if len(found) != 2 || found[0].Reason != "line 1:?no object ?" || found[0].Source != "collector" || string(found[1].Text) != "{}" || found[1].Trace != "t" {
		t.Errorf("%+v", found)
	}
}

func TestDecode(t *testing.T) {
	good := func() nats.Header {
		return nats.Header{"Nats-Msg-Id": {"p-1"}, traceHeader: {"t"}, recordsHeader: {"2"}}
	}
	if b, err := Decode("sonde.v1.63", good(), []byte("{}\n{}\n")); err != nil || b.ID != "p-1" || b.Trace != "t" || b.Records != 2 || string(b.Text) != "{}\n{}\n" {
		t.Errorf("%+v, %v", b, err)
	}
	for _, c := range []struct{ subject, trace, records, want string }{
		{"sonde.v2.00", "t", "1", "version 2"},
		{"sonde.v1.64", "t", "1", "no subject"},
		{"sonde.v1.x", "t", "1", "no subject"},
		{"sonde.v1", "t", "1", "no subject"},
		{"other", "t", "1", "no subject"},
		{"sonde.v1.00", "", "1", traceHeader},
		{"sonde.v1.00", "t", "0", recordsHeader},
		{"sonde.v1.00", "t", "x", recordsHeader},
	} {
		h := good()
		h.Set(traceHeader, c.trace)
		h.Set(recordsHeader, c.records)
		if _, err := Decode(c.subject, h, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// TestPartitions: the partition of a trace is a part of the format.
func TestPartitions(t *testing.T) {
	for trace, want := range map[string]string{
		"b0000000-0000-4000-8000-000000000000": Subject(Partition("b0000000-0000-4000-8000-000000000000")),
		"":                                     "sonde.v1.37", // the offset of FNV-1a, 0xcbf29ce484222325
	} {
		if got := (&Batch{Trace: trace}).message().Subject; got != want {
			t.Errorf("%q: %s, want %s", trace, got, want)
		}
	}
	counts := make([]int, Partitions)
	for i := range 64_000 {
		counts[Partition(fmt.Sprintf("4f1c0f3e-3c1a-4a55-9d0e-%012x", i))]++
	}
	for p, n := range counts {
		if n < 800 || n > 1200 {
			t.Errorf("partition %d has %d of 64,000 traces", p, n)
		}
	}
}

// TestCluster: three servers, of which one ends.
func TestCluster(t *testing.T) {
	nodes := servertest.NATSCluster(t)
	var urls []string
	for _, n := range nodes {
		urls = append(urls, "nats://"+n.Addr)
	}
	s := open(t, Config{URL: strings.Join(urls, ","), Replicas: 3, MaxBytes: 16 << 20})
	all := batches(0, 200)
	put(t, s, all[:100])
	// Another one finds the stream and leaves it as it is.
	other := open(t, Config{URL: urls[1], MaxBytes: 1 << 20})
	if st, err := other.State(t.Context()); err != nil || st.MaxBytes != 16<<20 || st.Messages != 100 || other.Embedded() {
		t.Errorf("%+v, %v", st, err)
	}
	put(t, other, all[100:])
	same(t, drain(t, s), all)
}

// TestSilence: a spool that does not answer is said to, in time.
func TestSilence(t *testing.T) {
	nodes := servertest.NATS(t)
	s := open(t, Config{URL: "nats://" + nodes.Addr, Patience: 200 * time.Millisecond})
	nodes.Freeze()
	defer nodes.Thaw()
	for _, n := range []int{1, 5} {
		for _, r := range s.Publish(context.Background(), batches(0, n)) {
			if r.Err == nil || errors.Is(r.Err, ErrFull) {
				t.Errorf("%d: %v", n, r.Err)
			}
		}
	}
}

// TestSmallerSpool: a folder is opened with a smaller limit than before, and what is in
// it stays.
func TestSmallerSpool(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Config{Dir: dir, MaxBytes: 100 << 40})
	all := batches(0, 20)
	for i := range all {
		all[i].Text = []byte(strings.Repeat("x", 100<<10) + "\n")
	}
	put(t, s, all)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, Config{Dir: dir, MaxBytes: 1 << 20})
	if err := s.Publish(t.Context(), batches(100, 1))[0].Err; !errors.Is(err, ErrFull) {
		t.Errorf("a spool with more than it may have takes a batch: %v", err)
	}
	same(t, drain(t, s), all)
	put(t, s, batches(100, 1))
}

// TestErrorsOfAddresses: they say which server is meant and what to do, and no password.
func TestErrorsOfAddresses(t *testing.T) {
	alone := natstest.JetStream(t).URL
	for want, c := range map[string]Config{
		"nats://127.0.0.1:1: ": {URL: "nats://u:hunter2@127.0.0.1:1"},
		"invalid character":    {URL: "nats://u:hunter2@ho st:4222"},
		"invalid port":         {URL: "u:hunter2@127.0.0.1:x"},
		"--replicas 1":         {URL: alone, Replicas: 3},
		"1 to 5":               {URL: alone, Replicas: -1},
	} {
		s, err := Open(t.Context(), c)
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v, want %q and no password", err, want)
		}
	}
}
