package redis

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/record"
)

// write writes traces of two records each, a second apart, and returns their ids, the
// newest first.
func write(t *testing.T, d *drivers.Store, n int, from time.Duration) (bases []string) {
	t.Helper()
	var all []record.Event
	for i := range n {
		events := drivertest.Trace(2, from+time.Duration(i)*time.Second)
		events[1].Change(func(f *record.Fields) { f.Info = []byte(`{"etype":"X","message":"no","host":"h"}`) })
		bases = append(bases, events[0].Trace().String())
		all = append(all, events...)
	}
	if err := d.Notify(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	slices.Reverse(bases)
	return bases
}

// indexed are the traces of an index.
func indexed(t *testing.T, c *redis.Client, x index) (bases []string) {
	t.Helper()
	for n := range shards {
		some, err := c.ZRange(t.Context(), x.shard(n), 0, -1).Result()
		if err != nil {
			t.Fatal(err)
		}
		for _, base := range some {
			if x.key(base) != x.shard(n) {
				t.Errorf("%s lies in shard %d", base, n)
			}
		}
		bases = append(bases, some...)
	}
	return bases
}

func ids(traces []drivers.Trace) (ids []string) {
	for _, tr := range traces {
		ids = append(ids, tr.ID)
	}
	return ids
}

// TestIndexIsOurs: OSProfiler's patterns find no key of the index.
func TestIndexIsOurs(t *testing.T) {
	s := servertest.Redis(t)
	d, c := openURL(t, "redis://"+s.Addr, filing), client(t, s, 0)
	bases := write(t, d, 30, 0)
	for _, pattern := range []string{listPrefix + "*", errorPrefix + "*", legacyPrefix + "*"} {
		keys, err := c.Keys(t.Context(), pattern).Result()
		if err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(keys, func(key string) bool { return strings.HasPrefix(key, "sonde:") }) {
			t.Errorf("%s finds %q", pattern, keys)
		}
	}
	for _, x := range indexes {
		if got := indexed(t, c, x); len(got) != len(bases) {
			t.Errorf("%d traces are in %s, want %d", len(got), x.name, len(bases))
		}
	}
}

// TestIndexForgets: what is deleted and pruned leaves the index, and what somebody
// else has deleted is not listed and goes with the next prune.
func TestIndexForgets(t *testing.T) {
	s := servertest.Redis(t)
	d, c := openURL(t, "redis://"+s.Addr, filing), client(t, s, 0)
	old, young := write(t, d, 40, -time.Hour), write(t, d, 3, time.Minute)
	if err := d.Delete(t.Context(), old[0]); err != nil {
		t.Fatal(err)
	}
	for _, x := range indexes {
		if got := indexed(t, c, x); len(got) != 42 || slices.Contains(got, old[0]) {
			t.Errorf("%d traces are in %s after one was deleted, want 42", len(got), x.name)
		}
	}
	for _, base := range []string{young[0], old[1]} {
		if err := c.Del(t.Context(), listPrefix+base, errorPrefix+base).Err(); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{young[1], young[2], old[2], old[3]}
	for _, q := range []drivers.Query{{Limit: 4}, {Limit: 4, ErrorsOnly: true}} {
		if got := ids(traces(t, d, q)); !slices.Equal(got, want) {
			t.Errorf("%+v: %q, want %q", q, got, want)
		}
	}
	if n, err := d.Prune(t.Context(), time.Now().Add(-90*time.Minute)); n != 38 || err != nil {
		t.Errorf("Prune = %d, %v, want 38", n, err)
	}
	for _, x := range indexes {
		got, want := indexed(t, c, x), slices.Clone(young) // young[0] is younger than what is pruned
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("after Prune %s holds %q, want %q", x.name, got, want)
		}
	}
}

// TestIndexExpires: the entries of traces that have expired go with them, and only
// those.
func TestIndexExpires(t *testing.T) {
	s := servertest.Redis(t)
	d, c := openURL(t, "redis://"+s.Addr+"?ttl=30m", filing), client(t, s, 0)
	gone, kept := write(t, d, 20, 0), write(t, d, 5, time.Hour) // an hour old, and new
	for _, base := range gone[5:] {
		if err := c.Del(t.Context(), listPrefix+base, errorPrefix+base).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(indexed(t, c, traceIndex)); n != 25 {
		t.Fatalf("%d traces are in the index, want 25", n)
	}
	inside := d.Driver().(*store)
	inside.nextSweep.Store(0) // an hour later
	kept = append(kept, write(t, d, 1, 2*time.Hour)...)
	for _, x := range indexes {
		got, want := indexed(t, c, x), append(slices.Clone(gone[:5]), kept...)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s holds %q, want %q", x.name, got, want)
		}
	}
}

// TestIndexForbidden: who may not write the index stores and lists all the same.
func TestIndexForbidden(t *testing.T) {
	s := servertest.Redis(t)
	c := client(t, s, 0)
	if err := c.Do(t.Context(), "ACL", "SETUSER", "upstream", "on", ">secret", "~osprofiler*", "+@all").Err(); err != nil {
		t.Fatal(err)
	}
	d := openURL(t, "redis://upstream:secret@"+s.Addr, filing)
	bases := write(t, d, 20, 0)
	if got := ids(traces(t, d, drivers.Query{Limit: 5})); !slices.Equal(got, bases[:5]) {
		t.Errorf("%q, want %q", got, bases[:5])
	}
	if err := d.Delete(t.Context(), bases[0]); err != nil {
		t.Error(err)
	}
	if n, err := d.Prune(t.Context(), time.Now()); n != 19 || err != nil {
		t.Errorf("Prune = %d, %v, want 19", n, err)
	}
}

// TestListOfOthers: a list with a limit looks at so many keys for traces that are not
// in the index, of OSProfiler or of somebody who died, and says how many are left.
func TestListOfOthers(t *testing.T) {
	s := servertest.Redis(t)
	d, c := openURL(t, "redis://"+s.Addr, filing), client(t, s, 0)
	bases := write(t, d, 30, 0)
	x := index{name: traceIndex.name}
	if err := c.ZRem(t.Context(), x.key(bases[0]), bases[0]).Err(); err != nil {
		t.Fatal(err)
	}
	unseen := ""
	q := drivers.Query{Limit: 5, Unseen: func(what string) { unseen = what }}
	if got := ids(traces(t, d, q)); !slices.Equal(got, bases[:5]) || unseen != "" {
		t.Errorf("%q and %q, want %q", got, unseen, bases[:5])
	}
	pipe := c.Pipeline()
	const others = 3 * scanMost
	for i := range others {
		pipe.Set(t.Context(), "cache:"+time.Duration(i).String(), "x", 0)
	}
	if _, err := pipe.Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	// A Sonde's traces are all found, whatever else there is.
	if got := ids(traces(t, d, q)); !slices.Equal(got, bases[:5]) && !slices.Equal(got, bases[1:6]) {
		t.Errorf("%q, want %q", got, bases[1:6])
	}
	if !strings.HasPrefix(unseen, "about 300") || !strings.HasSuffix(unseen, " keys of other programs") {
		t.Errorf("unseen: %q, want about %d keys", unseen, others)
	}
	unseen, q.Limit = "", 0
	if got := ids(traces(t, d, q)); !slices.Equal(got, bases) || unseen != "" {
		t.Errorf("all: %q and %q", got, unseen)
	}
}
