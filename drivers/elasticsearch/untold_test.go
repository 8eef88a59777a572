package elasticsearch

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/drivers/internal/load"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
)

// TestUntold: an answer to a bulk request that tells of some documents only is
// neither taken for all nor asked for again for ever.
func TestUntold(t *testing.T) {
	const records = 100
	// is says that a document is the 20th stop record that the store sees.
	is := func() func(doc []byte) bool {
		seen := map[string]bool{}
		var it []byte
		return func(doc []byte) bool {
			if !bytes.Contains(doc, []byte("db-stop")) {
				return false
			}
			if seen[string(doc)] = true; len(seen) == 20 && it == nil {
				it = bytes.Clone(doc)
			}
			return it != nil && bytes.Equal(it, doc)
		}
	}
	for name, c := range map[string]struct {
		server            func(*fake)
		rejected, missing int
	}{
		"some at a time": {func(f *fake) {
			n := 0
			f.told = func([]byte) bool { n++; return n%3 == 0 }
		}, 0, 0},
		"never of one": {func(f *fake) {
			one := is()
			f.told = func(doc []byte) bool { return !one(doc) }
		}, 1, 0},
		"up to one": {func(f *fake) { f.stopAt = is() }, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, "8.15.0")
			c.server(f)
			l := load.Start(t, openURL(t, f.url(), drivers.Options{}), time.Minute)
			l.Work(records / 2)
			// A rejected record is told of in the trace's next one, or in a point of two
			// records if none follows.
			l.Until(t, "the end of all records", func(s profiler.Stats) bool {
				f.mu.Lock()
				defer f.mu.Unlock()
				told := int(s.Recorded) - records
				return (told == 0 || told == 2*c.rejected) && s.Acknowledged+s.Dropped.Rejected == s.Recorded &&
					len(f.indexes[recordIndex].ids) == records-c.missing+told
			})
			if s := l.Stats(); s.Dropped.Rejected != uint64(c.rejected) || s.Retries > 0 {
				t.Errorf("%+v, want %d rejected and no retries", s, c.rejected)
			}
			f.mu.Lock()
			defer f.mu.Unlock()
			bulks := 0
			for _, r := range f.requests {
				if strings.Contains(r, "/_bulk ") {
					bulks++
				}
			}
			if bulks > 60 {
				t.Errorf("%d bulk requests for %d records", bulks, records)
			}
		})
	}

	t.Run("nothing ever", func(t *testing.T) {
		f := newFake(t, "8.15.0")
		f.told = func([]byte) bool { return false }
		d := openURL(t, f.url(), drivers.Options{})
		var rejected *record.RejectedError
		err := d.Notify(t.Context(), drivertest.Trace(8, 0))
		if !errors.As(err, &rejected) || len(rejected.Indexes) != 8 {
			t.Errorf("Notify: %v, want all 8 rejected", err)
		}
		oneLine(t, err)
	})

	// A page of a proxy is not an answer: the store is down, and records wait.
	t.Run("another page", func(t *testing.T) {
		f := newFake(t, "8.15.0")
		d := openURL(t, f.url(), drivers.Options{})
		f.page = "<html>Sign in</html>"
		err := d.Notify(t.Context(), drivertest.Trace(8, 0))
		var rejected *record.RejectedError
		if err == nil || errors.As(err, &rejected) || errors.Is(err, record.ErrNotSent) {
			t.Errorf("Notify: %v, want an error that has the batch sent again", err)
		}
	})
}
