package partition

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/sonde-go/sonde/relay/internal/tail"
)

func traces(from, to int, v tail.Verdict) (ts []*tail.Trace) {
	for i := from; i < to; i++ {
		ts = append(ts, &tail.Trace{Base: fmt.Sprint("trace-", i), Verdict: v})
	}
	return ts
}

// TestTheLogHasOneWriter: who takes over knows all decisions, and who had the partition
// before can write none any more.
func TestTheLogHasOneWriter(t *testing.T) {
	s := newSite(t)
	js := s.spool.JetStream()
	open := func(by string) *decisions {
		t.Helper()
		d, err := openDecisions(t.Context(), js, by, time.Hour, 1)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	one, other := open("one"), open("other")
	seen := map[uint64]tail.Verdict{}
	each := func(key uint64, v tail.Verdict) { seen[key] = v }
	at, alone, err := one.takeOver(t.Context(), 7, 0, each)
	if err != nil || !alone || len(seen) != 0 {
		t.Fatalf("an empty log: %v, %v, %d decisions", err, alone, len(seen))
	}
	errorsRule := tail.Verdict{Keep: true, Rule: "errors", Of: 1}
	all := append(traces(0, 200, errorsRule), traces(200, 300, tail.Verdict{Early: "memory"})...)
	for i := range 100 { // more entries than a client lets a bucket have of a key
		if at, err = one.append(t.Context(), 7, at, all[3*i:3*i+3]); err != nil {
			t.Fatal(err)
		}
	}
	his, alone, err := other.takeOver(t.Context(), 7, 0, each)
	if err != nil || alone || len(seen) != 300 {
		t.Fatalf("the other takes over: %v, %v, %d decisions", err, alone, len(seen))
	}
	for _, tr := range all {
		if seen[tr.Key()] != tr.Verdict {
			t.Errorf("%s: %+v, want %+v", tr.Base, seen[tr.Key()], tr.Verdict)
		}
	}
	if _, err := one.append(t.Context(), 7, at, all[:1]); !errors.Is(err, errTaken) {
		t.Errorf("the first one still writes: %v", err)
	}
	if _, err := one.append(t.Context(), 8, 0, all[:1]); err != nil {
		t.Errorf("another partition: %v", err)
	}
	if his, err = other.append(t.Context(), 7, his, all[:1]); err != nil {
		t.Error(err)
	}
	clear(seen)
	if _, alone, err = other.takeOver(t.Context(), 7, his, each); err != nil || !alone || len(seen) != 0 {
		t.Errorf("again: %v, %v, %d decisions", err, alone, len(seen))
	}
}

func FuzzEntry(f *testing.F) {
	d := &decisions{by: "me"}
	f.Add(d.entry(nil))
	f.Add(d.entry(append(traces(0, 3, tail.Verdict{Keep: true, Rule: "rate", Of: 7}), traces(3, 5, tail.Verdict{})...)))
	f.Add([]byte("{}\n12345678"))
	f.Fuzz(func(t *testing.T, entry []byte) {
		n := 0
		if _, err := read(entry, func(uint64, tail.Verdict) { n++ }); err != nil && n != 0 {
			t.Errorf("%d decisions of an entry that cannot be read", n)
		}
	})
}

func TestOthersDrainTheSpool(t *testing.T) {
	s := newSite(t)
	_, err := s.spool.JetStream().CreateConsumer(t.Context(), "SONDE", jetstream.ConsumerConfig{Durable: "drain", AckPolicy: jetstream.AckExplicitPolicy})
	if err != nil {
		t.Fatal(err)
	}
	_, err = New(t.Context(), Config{JS: s.spool.JetStream(), Rules: rules()})
	want := "collectors without tail sampling share the spool's consumer \"drain\": end them, and delete it with `nats consumer rm SONDE drain`"
	if err == nil || err.Error() != want {
		t.Errorf("the error is %v, want %s", err, want)
	}
}

func TestVersions(t *testing.T) {
	for version, ok := range map[string]bool{
		"2.10.24": false, "2.9.0": false, "1.4.1": false, "": false, "x": false,
		"2.11.0": true, "2.15.2": true, "2.11.0-beta.1": true, "3.0.0": true,
	} {
		if err := checkVersion(version); (err == nil) != ok {
			t.Errorf("%q: %v", version, err)
		}
	}
}
