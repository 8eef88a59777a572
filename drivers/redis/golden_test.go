package redis

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/record"
)

// goldenKey is a key as OSProfiler 4.4 wrote it: testdata/keys.json, and
// legacy.json for the layout of before 2.8.
type goldenKey struct {
	Key, Type string
	TTL       int
	Value     json.RawMessage // a string, or a list with the newest record first
}

func (k *goldenKey) text(t *testing.T) (s string) {
	t.Helper()
	if err := json.Unmarshal(k.Value, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func (k *goldenKey) list(t *testing.T) (l []string) {
	t.Helper()
	if err := json.Unmarshal(k.Value, &l); err != nil {
		t.Fatal(err)
	}
	return l
}

func golden(t *testing.T, file string) []goldenKey {
	t.Helper()
	b, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var g struct{ Keys []goldenKey }
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	return g.Keys
}

// restore puts golden keys into a server.
func restore(t *testing.T, c *redis.Client, keys []goldenKey) {
	t.Helper()
	for _, k := range keys {
		var err error
		if k.Type == "string" {
			err = c.Set(t.Context(), k.Key, k.text(t), 0).Err()
		} else {
			for _, v := range k.list(t) {
				err = c.RPush(t.Context(), k.Key, v).Err()
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// event is the event from which Sonde would have written a golden record.
func event(t *testing.T, raw string) record.Event {
	t.Helper()
	r, err := record.Parse([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	var info bytes.Buffer
	if err := json.Compact(&info, r.Info); err != nil {
		t.Fatal(err)
	}
	f := record.Fields{Project: *r.Project, Service: *r.Service, Info: info.Bytes()}
	var ok bool
	if f.Name, ok = strings.CutSuffix(r.Name, "-start"); !ok {
		f.Phase = record.Stop
		if f.Name, ok = strings.CutSuffix(r.Name, "-stop"); !ok {
			t.Fatalf("a record has the name %q", r.Name)
		}
	}
	id := func(s string) header.ID {
		id, err := header.ParseID(s)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	f.Trace, f.Parent, f.Point = id(r.Trace), id(r.Parent), id(r.Point)
	at, err := time.Parse("2006-01-02T15:04:05.000000", r.Timestamp)
	if err != nil {
		t.Fatal(err)
	}
	f.Time = at.UnixNano()
	return record.New(f)
}

// TestWritesAsOSProfiler writes the golden records and expects the golden keys,
// byte for byte but for the blanks between the fields of a record.
func TestWritesAsOSProfiler(t *testing.T) {
	s := servertest.Redis(t)
	d, c := openURL(t, "redis://"+s.Addr, filing), client(t, s, 0)
	want := golden(t, "keys.json")
	var events []record.Event
	for _, k := range want {
		if k.Type == "list" {
			for _, raw := range slices.Backward(k.list(t)) {
				events = append(events, event(t, raw))
			}
		}
	}
	// The batches do not care where a trace ends.
	for batch := range slices.Chunk(events, 7) {
		if err := d.Notify(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}

	keys, err := c.Keys(t.Context(), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	keys = slices.DeleteFunc(keys, func(key string) bool { return strings.HasPrefix(key, "sonde:") }) // the index
	slices.Sort(keys)
	var wantKeys []string
	for _, k := range want {
		wantKeys = append(wantKeys, k.Key)
	}
	if slices.Sort(wantKeys); !slices.Equal(keys, wantKeys) {
		t.Fatalf("keys %q, want %q", keys, wantKeys)
	}
	for _, k := range want {
		if ttl := c.TTL(t.Context(), k.Key).Val(); ttl != -1 {
			t.Errorf("%s: expires in %v", k.Key, ttl)
		}
		if typ := c.Type(t.Context(), k.Key).Val(); typ != k.Type {
			t.Errorf("%s is a %s, want a %s", k.Key, typ, k.Type)
			continue
		}
		if k.Type == "string" {
			if got := c.Get(t.Context(), k.Key).Val(); got != k.text(t) {
				t.Errorf("%s = %s, want %s", k.Key, got, k.text(t))
			}
			continue
		}
		got, wantList := c.LRange(t.Context(), k.Key, 0, -1).Val(), k.list(t)
		if len(got) != len(wantList) {
			t.Errorf("%s: %d records, want %d", k.Key, len(got), len(wantList))
			continue
		}
		for i, raw := range wantList {
			var compact bytes.Buffer
			if err := json.Compact(&compact, []byte(raw)); err != nil {
				t.Fatal(err)
			}
			if got[i] != compact.String() {
				t.Errorf("%s[%d] = %s\nwant %s", k.Key, i, got[i], &compact)
			}
		}
	}
}

// TestReadsOSProfiler reads the golden keys: the stored bytes in the stored
// order.
func TestReadsOSProfiler(t *testing.T) {
	s := servertest.Redis(t)
	d, c := openURL(t, "redis://"+s.Addr, drivers.Options{}), client(t, s, 0)
	keys := golden(t, "keys.json")
	restore(t, c, keys)

	var want []drivers.Trace
	failed := map[string]bool{}
	for _, k := range keys {
		base, isError := strings.CutPrefix(k.Key, errorPrefix)
		if isError {
			failed[base] = true
			continue
		}
		base = strings.TrimPrefix(k.Key, listPrefix)
		list := k.list(t)
		got := records(t, d, base)
		if len(got) != len(list) {
			t.Errorf("%s: %d records, want %d", base, len(got), len(list))
			continue
		}
		for i, raw := range list {
			if string(got[i].Payload) != raw {
				t.Errorf("%s[%d] = %s\nwant %s", base, i, got[i].Payload, raw)
			}
		}
		first := event(t, list[len(list)-1])
		r := got[len(got)-1]
		want = append(want, drivers.Trace{
			ID: base, Timestamp: r.Timestamp, Project: first.Project(), Service: first.Service(), Name: first.Name(), Failed: failed[base],
		})
	}
	slices.SortFunc(want, func(a, b drivers.Trace) int { return strings.Compare(b.Timestamp, a.Timestamp) })
	if got := traces(t, d, drivers.Query{}); !slices.Equal(got, want) {
		t.Errorf("traces\n%+v, want\n%+v", got, want)
	}

	// OSProfiler's own lists of the same keys; it leaves out the trace with
	// one record.
	b, err := os.ReadFile("testdata/list.json")
	if err != nil {
		t.Fatal(err)
	}
	var lists map[string]json.RawMessage
	if err := json.Unmarshal(b, &lists); err != nil {
		t.Fatal(err)
	}
	for name, q := range map[string]drivers.Query{"redis list": {}, "redis list errors": {ErrorsOnly: true}} {
		var theirs struct{ Stdout string }
		if err := json.Unmarshal(lists[name], &theirs); err != nil {
			t.Fatal(err)
		}
		ours := traces(t, d, q)
		rows := strings.Count(theirs.Stdout, "| a")
		for _, tr := range ours {
			inTheirs := strings.Contains(theirs.Stdout, "| "+tr.ID+" |")
			if single := tr.ID == "a0000005-1111-4111-8111-000000000005"; inTheirs == single {
				t.Errorf("%s: OSProfiler lists %s: %v", name, tr.ID, inTheirs)
			} else if single {
				rows++
			}
		}
		if len(ours) != rows || rows == 0 {
			t.Errorf("%s: %d traces, OSProfiler lists %d", name, len(ours), rows)
		}
	}
}

func TestLegacy(t *testing.T) {
	s := servertest.Redis(t)
	c := client(t, s, 0)
	keys := golden(t, "legacy.json")
	restore(t, c, keys)
	// Neither another trace whose id begins with that of this one, nor
	// something that is not a string, gets in.
	const (
		both, onlyOld = "a0000007-1111-4111-8111-000000000007", "a0000002-1111-4111-8111-000000000002"
		longer        = onlyOld + "_b"
	)
	other := `{"name":"x-start","base_id":"` + longer + `","trace_id":"c","parent_id":"` + longer + `","timestamp":"2026-11-21T00:00:00.000000","info":{"host":"h"},"project":"p","service":"s"}`
	c.Set(t.Context(), legacyPrefix+longer+"_c_2026-11-21T00:00:00.000000", other, 0)
	c.LPush(t.Context(), legacyPrefix+onlyOld+"_list_2026-11-21T00:00:00.000000", "x")

	var want []string
	for _, k := range keys {
		if strings.HasPrefix(k.Key, legacyPrefix+onlyOld) {
			want = append(want, k.text(t))
		}
	}
	without, with := openURL(t, "redis://"+s.Addr, filing), openURL(t, "redis://"+s.Addr+"?legacy=true", filing)
	if got := records(t, without, onlyOld); len(got) != 0 {
		t.Errorf("%d records of the old layout without legacy=true", len(got))
	}
	payloads := func(base string) (all []string) {
		for _, r := range records(t, with, base) {
			all = append(all, string(r.Payload))
		}
		return all
	}
	if got := payloads(onlyOld); !slices.Equal(got, want) || len(want) != 4 {
		t.Errorf("records\n%s, want\n%s", got, want)
	}

	// A trace in both layouts: the old first, each once, and one line.
	got := payloads(both)
	n := 0
	for _, k := range keys {
		if strings.HasPrefix(k.Key, legacyPrefix+both) {
			if got[n] != k.text(t) {
				t.Errorf("record %d is %s, want %s", n, got[n], k.text(t))
			}
			n++
		}
	}
	for _, k := range keys {
		if k.Type == "list" && k.Key == listPrefix+both && !slices.Equal(got[n:], k.list(t)) {
			t.Errorf("after the old records:\n%s, want\n%s", got[n:], k.list(t))
		}
	}
	list := traces(t, with, drivers.Query{})
	var bases []string
	for _, tr := range list {
		bases = append(bases, tr.ID)
	}
	if want := []string{both, onlyOld, longer}; !slices.Equal(bases, want) {
		t.Errorf("listed %q, want %q", bases, want)
	} else if list[0].Timestamp != "2026-11-21T07:57:18.049643" {
		t.Errorf("%s began at %s", both, list[0].Timestamp)
	}
	if list := traces(t, without, drivers.Query{}); len(list) != 1 || list[0].ID != both {
		t.Errorf("listed without legacy=true: %+v", list)
	}

	if err := with.Delete(t.Context(), onlyOld); err != nil {
		t.Fatal(err)
	}
	if got := payloads(onlyOld); len(got) != 0 {
		t.Errorf("%d records are left of a deleted trace", len(got))
	}
	if got := payloads(longer); !slices.Equal(got, []string{other}) {
		t.Errorf("Delete took another trace with it, left %q", got)
	}
}
