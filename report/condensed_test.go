package report

import (
	"fmt"
	"testing"
	"time"
)

// TestRepeatedIsBelieved: only what can be is read of what a stop says of points without
// records.
func TestRepeatedIsBelieved(t *testing.T) {
	const most = mostTold
	for told, want := range map[string]struct {
		points int
		count  int
		total  time.Duration
		self   time.Duration
	}{
		`{"kind":"client"}`: {1, 1, 5 * time.Millisecond, 5 * time.Millisecond},
		`{"repeated":{"count":3,"min_us":1,"max_us":2,"total_us":4}}`:      {3, 3, 4 * time.Microsecond, 4 * time.Microsecond},
		`{"repeated":{"count":0,"total_us":4}}`:                            {1, 1, 5 * time.Millisecond, 5 * time.Millisecond},
		`{"repeated":{"count":-5,"total_us":4}}`:                           {1, 1, 5 * time.Millisecond, 5 * time.Millisecond},
		`{"repeated":{"count":"3","total_us":4}}`:                          {1, 1, 5 * time.Millisecond, 5 * time.Millisecond},
		`{"repeated":{"count":99999999999,"total_us":4}}`:                  {1, 1, 5 * time.Millisecond, 5 * time.Millisecond},
		`{"repeated":{"count":2147483647,"total_us":9223372036854775807}}`: {most, most, 9223372036854775 * time.Microsecond, 9223372036854775 * time.Microsecond},
		`{"repeated":[],"self_us":-1}`:                                     {1, 1, 5 * time.Millisecond, 5 * time.Millisecond},
		`{"self_us":1000}`:                                                 {1, 1, 5 * time.Millisecond, time.Millisecond},
		`{"self_us":9000}`:                                                 {1, 1, 5 * time.Millisecond, 5 * time.Millisecond},
		`{"short":{"a":{"count":2,"total_us":7},"b":{"count":-1},"c":7}}`:  {3, 1, 5 * time.Millisecond, 5 * time.Millisecond},
		`{"short":"x","total_us":1}`:                                       {1, 1, 5 * time.Millisecond, 5 * time.Millisecond},
	} {
		r, err := Read([]byte(fmt.Sprintf(`{"name":"db-start","base_id":"b","trace_id":"1","parent_id":"b","timestamp":"2026-01-02T03:04:05.000000","info":{"host":"h"}}
{"name":"db-stop","base_id":"b","trace_id":"1","parent_id":"b","timestamp":"2026-01-02T03:04:05.005000","info":{"sonde":%s,"host":"h"}}`, told)))
		if err != nil {
			t.Fatal(err)
		}
		p := r.At(0)
		if r.Points() != want.points || p.Times() != want.count || p.Took() != want.total || p.Self() != want.self {
			t.Errorf("%s: %d points, %d in %v, %v itself; want %+v", told, r.Points(), p.Times(), p.Took(), p.Self(), want)
		}
		count := 0
		for _, s := range r.Stats {
			count += s.Count
		}
		if count != r.Points() {
			t.Errorf("%s: statistics count %d points of %d", told, count, r.Points())
		}
	}
}
