package drain

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/relay/internal/spool"
	"github.com/sonde-go/sonde/relay/transform"
)

// rules are those of a file with this text.
func rules(t *testing.T, text string) *transform.Rules {
	t.Helper()
	r, err := transform.Parse("rules.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const secret = "hunter2"

// TestPoison: what is no record is put aside with its reason and without its secrets,
// and the records around it are stored.
func TestPoison(t *testing.T) {
	good := drivertest.Trace(3, 0)
	trace := good[0].Trace().String()
	text := string(good[0].JSON())
	for name, c := range map[string]struct {
		line   string
		reason string
		kept   string // what the quarantine has of it
	}{
		"not JSON":         {`{"name":"` + secret, "not JSON", ""},
		"not an object":    {`"` + secret + `"`, "not a JSON object", ""},
		"bad id":           {`{"name":"x-start","base_id":"` + trace + `","trace_id":"/","info":{"password":"` + secret + `"}}`, "trace_id is not an id", `"password":"***"`},
		"another trace":    {strings.ReplaceAll(text, trace, "another"), "base_id is not that of its message", `"another"`},
		"a strange time":   {strings.Replace(text, text[strings.Index(text, `"timestamp":"`)+13:][:4], "1970", 1), "of the year 1970", `"1970-`},
		"time NaN":         {strings.Replace(text, text[strings.Index(text, `"timestamp":`)+12:][:28], "NaN", 1), "no time", `NaN`},
		"no name's suffix": {strings.Replace(text, `"http-start"`, `"http"`, 1), "neither in -start nor in -stop", `"http"`},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			s := openSpool(t)
			kept := &shelf{}
			b := batch("p-1", good)
			b.Text = []byte(string(good[0].JSON()) + "\n" + c.line + "\n\n" + string(good[1].JSON()) + "\n" + string(good[2].JSON()) + "\n")
			b.Records++
			publish(t, s, b)
			r := run(t, s, func(c *Config) { c.Transform = rules(t, `rules: [{redact: {keys: "**.password"}}]`) }, store(kept))
			empty(t, s)
			once(t, store(kept), good)
			aside := quarantined(t, s)
			if len(aside) != 1 {
				t.Fatalf("%d records are in the quarantine", len(aside))
			}
			if a := aside[0]; !strings.Contains(a.Reason, c.reason) || !strings.Contains(string(a.Text), c.kept) || a.Trace != trace || a.Source != "collector" {
				t.Errorf("%+v", a)
			}
			if all := fmt.Sprint(aside[0], string(aside[0].Text), r.log); strings.Contains(all, secret) {
				t.Errorf("the secret is in %s", all)
			}
			if st := r.Stats(); st.Records != 4 || st.Quarantined != 1 || st.Stores[0].Stored != 3 {
				t.Errorf("%+v", st)
			}
		})
	}
}

// TestTooLong: servers may be set up for larger messages than ours.
func TestTooLong(t *testing.T) {
	trace := header.NewID()
	if _, err := new(Drain).check(make([]byte, spool.MaxRecordBytes+1), &trace); err == nil || !strings.Contains(err.Error(), "bytes, and") {
		t.Error(err)
	}
}

// TestLaterFormat: a message that a newer program has made stays in the spool.
func TestLaterFormat(t *testing.T) {
	s := openSpool(t)
	stream, err := s.JetStream().Stream(t.Context(), spool.StreamName)
	if err != nil {
		t.Fatal(err)
	}
	config := stream.CachedInfo().Config // as a newer program would have it
	config.Subjects = append(config.Subjects, "sonde.v9.*")
	if _, err := s.JetStream().UpdateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	if _, err := s.JetStream().PublishMsg(t.Context(), &nats.Msg{Subject: "sonde.v9.00", Data: []byte("?")}); err != nil {
		t.Fatal(err)
	}
	all := fill(t, s, 5)
	kept := &shelf{}
	r := run(t, s, nil, store(kept))
	watchdog.Until(t, "the others", func() bool { return kept.count() == len(all) })
	watchdog.Until(t, "a word of it", func() bool { return strings.Contains(r.log.String(), "too old") })
	r.end()
	if state, err := s.State(t.Context()); err != nil || state.Messages != 1 {
		t.Errorf("%d messages are left: %v", state.Messages, err)
	}
	if aside := quarantined(t, s); len(aside) > 0 {
		t.Errorf("%+v", aside)
	}
}

// TestStrangeMessage: a message without the spool's headers is poison as a whole.
func TestStrangeMessage(t *testing.T) {
	s := openSpool(t)
	if _, err := s.JetStream().PublishMsg(t.Context(), &nats.Msg{Subject: spool.Subject(0), Data: []byte("what?")}); err != nil {
		t.Fatal(err)
	}
	run(t, s, nil, store(&shelf{}))
	empty(t, s)
	if aside := quarantined(t, s); len(aside) != 1 || !strings.Contains(aside[0].Reason, "without the header") || string(aside[0].Text) != "what?" {
		t.Errorf("%+v", aside)
	}
}

// TestTransform: what is written is what the rules have made.
func TestTransform(t *testing.T) {
	s := openSpool(t)
	kept := &shelf{}
	r := run(t, s, func(c *Config) {
		c.Transform = rules(t, `
rules:
  - when: {name: db}
    drop: true
  - rename: {service: till}
`)
	}, store(kept))
	fill(t, s, 4) // two records of http and three of db each
	empty(t, s)
	for trace := range maps.Keys(kept.kept) {
		for rec, err := range kept.Records(t.Context(), trace) {
			if err != nil || *rec.Service != "till" || strings.HasPrefix(rec.Name, "db") {
				t.Errorf("%+v: %v", rec, err)
			}
		}
	}
	if st := r.Stats(); st.Records != 20 || st.Dropped["transform"] != 12 || st.Stores[0].Stored != 8 {
		t.Errorf("%+v", st)
	}
}

// byTrace keeps and drops batches when the test says so.
type byTrace struct{ offered chan *Batch }

func (d *byTrace) Offer(b *Batch) { d.offered <- b }

// TestDecider: what is undecided is neither written nor acknowledged, nor given to
// another drain; what is dropped is not written.
func TestDecider(t *testing.T) {
	s := openSpool(t)
	kept := &shelf{}
	decider := &byTrace{make(chan *Batch, 10)}
	r := run(t, s, func(c *Config) { c.Decider = decider }, store(kept))
	all := fill(t, s, 3)
	var held []*Batch
	for range 3 {
		held = append(held, watchdog.Await(t, "a batch", decider.offered))
	}
	if held[1].Trace != all[5].Trace() || len(held[1].Events) != 5 || held[1].Again || held[1].Sequence != held[0].Sequence+1 || held[1].Size < 1000 {
		t.Errorf("%+v", held[1])
	}
	time.Sleep(2 * testAckWait) // longer than the server waits for those who do not say that they hold it
	held[0].Drop("sampled")
	held[0].Keep() // too late
	held[1].Keep()
	watchdog.Until(t, "what was decided", func() bool { return r.Stats().Acknowledged == 2 })
	once(t, store(kept), all[5:10])
	if st := r.Stats(); st.Redelivered != 0 || st.Dropped["sampled"] != 5 || st.HeldMessages != 1 || kept.count() != 5 {
		t.Errorf("%+v, %d kept", st, kept.count())
	}
	r.end()
	watchdog.Await(t, "the loss", held[2].Lost())
	held[2].Keep() // does nothing
	next := run(t, s, func(c *Config) { c.Decider = decider }, store(kept))
	again := watchdog.Await(t, "the batch again", decider.offered)
	if !again.Again || again.Trace != all[10].Trace() {
		t.Errorf("%+v", again)
	}
	again.Keep()
	empty(t, s)
	once(t, store(kept), all[5:])
	if st := next.Stats(); st.Messages != 1 {
		t.Errorf("%+v", st)
	}
}

// TestBatchForTests: NewBatch tells what was decided.
func TestBatchForTests(t *testing.T) {
	var said []string
	b := NewBatch(drivertest.Trace(2, 0), func(reason string) { said = append(said, reason) })
	b.Keep()
	b.Drop("why")
	if fmt.Sprint(said) != "[ why]" || b.Trace == (header.ID{}) || b.Size == 0 {
		t.Errorf("%q, %+v", said, b)
	}
}

// TestRetried: what comes back from the quarantine is written where it is missing.
func TestRetried(t *testing.T) {
	s := openSpool(t)
	one, two := &shelf{}, &shelf{}
	events := drivertest.Trace(2, 0)
	if err := one.Notify(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	b := batch("retry", events)
	b.Again = true
	publish(t, s, b)
	run(t, s, nil, store(one), store(two))
	empty(t, s)
	once(t, store(one), events)
	once(t, store(two), events)
}

// TestSentTwice: the same batch that was published again after the spool had
// forgotten its id is written once.
func TestSentTwice(t *testing.T) {
	s := openSpool(t)
	events := drivertest.Trace(2, 0)
	publish(t, s, batch("same", events))
	kept := &shelf{}
	r := run(t, s, nil, store(kept))
	empty(t, s)
	r.written.put("other", r.all)
	other := batch("other", events)
	publish(t, s, other)
	empty(t, s)
	once(t, store(kept), events)
	if st := r.Stats(); st.Repeats != 1 || st.Stores[0].Stored != 2 {
		t.Errorf("%+v", st)
	}
}

func TestNewRefuses(t *testing.T) {
	s := openSpool(t)
	ok := Config{Source: consumer(t, s, time.Second), AckWait: time.Second, Quarantine: s.Quarantine}
	if _, err := New(ok); err == nil || !strings.Contains(err.Error(), "no store") {
		t.Errorf("no store: %v", err)
	}
	for range 33 {
		ok.Stores = append(ok.Stores, store(&shelf{}))
	}
	if _, err := New(ok); err == nil || !strings.Contains(err.Error(), "32") {
		t.Errorf("many stores: %v", err)
	}
	if _, err := New(Config{Stores: ok.Stores}); err == nil {
		t.Error("nothing to drain is taken")
	}
}

func TestMemory(t *testing.T) {
	m := newMemory(3)
	for i := range 5 {
		m.put(fmt.Sprint(i), 1)
	}
	m.put("4", 2)
	if m.get("4") != 3 || m.get("2") != 1 || m.get("1") != 0 || len(m.of) != 3 {
		t.Errorf("%v", m.of)
	}
}

// FuzzDecode: whatever a message has, each line is an event of its trace or poison.
func FuzzDecode(f *testing.F) {
	events := drivertest.Trace(2, 0)
	f.Add(events[0].Trace().String(), append(append([]byte(nil), events[0].JSON()...), "\n{}\n\n[1]"...), true)
	f.Add("t", []byte(`{"name":"a-stop","base_id":"t","trace_id":"a","parent_id":"t","timestamp":"2026-01-02T03:04:05","info":{"a":1}}`), false)
	redacting, err := transform.Parse("rules", []byte(`rules: [{redact: {keys: a, values: b}}, {when: {name: drop}, drop: true}]`))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, trace string, text []byte, transformed bool) {
		d := &Drain{counts: Stats{Dropped: map[string]uint64{}}}
		if transformed {
			d.c.Transform = redacting
		}
		lines := 0
		for line := range strings.SplitSeq(string(text), "\n") {
			if line != "" {
				lines++
			}
		}
		dl := &delivery{id: "x"}
		bad := d.decode(dl, &spool.Batch{Trace: trace, Text: text, Records: 1})
		if _, err := header.ParseID(trace); err != nil {
			if len(bad) != 1 || len(dl.Events) > 0 {
				t.Fatalf("of a bad trace: %d bad, %d events", len(bad), len(dl.Events))
			}
			return
		}
		if n := len(bad) + len(dl.Events) + int(d.counts.Dropped["transform"]); n != lines {
			t.Fatalf("%d of %d lines", n, lines)
		}
		for i := range dl.Events {
			e := &dl.Events[i]
			if again, err := new(record.Decoder).Event(e.JSON()); err != nil || again.Trace().String() != trace {
				t.Fatalf("%s: %v", e.JSON(), err)
			}
		}
	})
}
