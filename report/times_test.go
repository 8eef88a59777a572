package report_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
)

// A span is a point of which there are several: when it starts and stops, in
// microseconds after the year 1.
type span struct {
	name, id, parent string
	from, to         int64
}

// The years that a timestamp can say, in microseconds.
const allYears = 9998 * 365 * 24 * 3600 * 1000000

// spans makes the records of points, their times given by the first and the
// last moment that can be written and all between.
func spans(list []span) func(yield func(record.Record, error) bool) {
	moment := func(micros int64) string {
		micros %= allYears
		seconds := micros / 1e6
		return time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(seconds/86400)).
			Add(time.Duration(seconds%86400)*time.Second + time.Duration(micros%1e6)*time.Microsecond).Format("2006-01-02T15:04:05.000000")
	}
	return func(yield func(record.Record, error) bool) {
		for _, s := range list {
			start := record.Record{Name: s.name + "-start", Trace: "base", Point: s.id, Parent: s.parent, Timestamp: moment(s.from), Info: []byte(`{}`)}
			stop := start
			stop.Name, stop.Timestamp = s.name+"-stop", moment(s.to)
			if !yield(start, nil) || !yield(stop, nil) {
				return
			}
		}
	}
}

// repeated are n points alike, of which the waterfall makes one row.
func repeated(n int, from, to int64) (list []span) {
	for i := range n {
		list = append(list, span{"long", fmt.Sprint(from, to, i), "base", from, to})
	}
	return list
}

// checkTimes prints a report and holds its sums to those of numbers without
// end.
func checkTimes(t *testing.T, r *report.Report) {
	t.Helper()
	toText(t, r, report.Options{})
	toText(t, r, report.Options{Width: 40, MaxRows: 2})
	if len(toJSON(t, r)) == 0 {
		t.Error("no JSON")
	}
	for _, s := range r.Stats {
		total, self, up, down := new(big.Int), new(big.Int), false, false
		for p := range r.All() {
			if p.Name != s.Name {
				continue
			}
			if !belowItsName(r, p) {
				total.Add(total, big.NewInt(int64(p.Duration())))
			}
			self.Add(self, big.NewInt(int64(p.Self())))
			up, down = up || p.Duration() > 0, down || p.Duration() < 0
			if p.Self() < 0 || p.Self() > max(0, p.Duration()) || p.Duration() > r.Duration() {
				t.Errorf("%+v takes %v, of its own %v, of %v", p, p.Duration(), p.Self(), r.Duration())
			}
		}
		if want := saturated(self); s.Self != want {
			t.Errorf("%d points of %q: self %d, want %d", s.Count, s.Name, s.Self, want)
		}
		// What was cut off a sum is not there to be taken away again.
		if want := saturated(total); s.Total != want && !(up && down) {
			t.Errorf("%d points of %q: total %d, want %d", s.Count, s.Name, s.Total, want)
		}
	}
}

// belowItsName reports whether a point of the tree is below one of its name.
func belowItsName(r *report.Report, p *report.Point) bool {
	if p.Depth < 0 {
		return false
	}
	for above := r.Parent(p); above != nil; above = r.Parent(above) {
		if above.Name == p.Name {
			return true
		}
	}
	return false
}

func saturated(sum *big.Int) time.Duration {
	switch {
	case sum.IsInt64():
		return max(-math.MaxInt64, time.Duration(sum.Int64()))
	case sum.Sign() < 0:
		return -math.MaxInt64
	}
	return math.MaxInt64
}

// TestSumsOfTimesSaturate has sums that end where a Duration does, above and
// below. One that wraps around to the least Duration could not be printed.
func TestSumsOfTimesSaturate(t *testing.T) {
	const millennium = 1000 * 365 * 24 * 3600 * 1000000
	for name, list := range map[string][]span{
		"to the least number":  append(repeated(125, 0, allYears-1), span{"long", "short", "base", 0, 101}),
		"upwards":              repeated(200, 0, allYears-1),
		"downwards":            repeated(200, allYears-1, 0),
		"to and fro":           append(repeated(150, 0, allYears-1), repeated(151, allYears-1, 0)...),
		"below one another":    {{"a", "1", "base", 0, allYears - 1}, {"a", "2", "1", 0, allYears - 1}, {"a", "3", "2", 5, allYears / 2}},
		"not quite too long":   repeated(2, 0, millennium/10),
		"a little too long":    repeated(3, 0, millennium/10),
		"longer than counting": repeated(1, 0, millennium/2),
	} {
		t.Run(name, func(t *testing.T) { checkTimes(t, build(t, spans(list))) })
	}
}

// TestMillisecondsSaturate has the sum that OSProfiler prints in milliseconds.
func TestMillisecondsSaturate(t *testing.T) {
	list := repeated(30000, 0, allYears-1)
	r := build(t, spans(list))
	want := fmt.Sprintf("\"long\": {\n      \"count\": 30000,\n      \"duration\": %d\n", int64(math.MaxInt64))
	if text := toJSON(t, r); !strings.Contains(text, want) {
		t.Errorf("the JSON form ends in %s", text[len(text)-100:])
	}
}

// FuzzTimes makes points of numbers: each 18 bytes say how many of them there
// are, what is their parent, and when they start and stop.
func FuzzTimes(f *testing.F) {
	seed := func(numbers ...uint64) (data []byte) {
		for i := 0; i < len(numbers); i += 4 {
			data = append(data, byte(numbers[i]), byte(numbers[i+1]))
			data = binary.BigEndian.AppendUint64(data, numbers[i+2])
			data = binary.BigEndian.AppendUint64(data, numbers[i+3])
		}
		return data
	}
	const last = allYears - 1
	f.Add(seed(125, 0, 0, last, 1, 0, 0, 101)) // to the least Duration
	f.Add(seed(255, 0, 0, last))
	f.Add(seed(255, 0, last, 0))
	f.Add(seed(125, 0, last, 0, 1, 0, 101, 0))
	f.Add(seed(120, 0, 0, last, 130, 0, last, 0))
	f.Add(seed(1, 0, 0, last, 200, 1, 0, last, 20, 2, 7, 5, 20, 3, 0, last/2))
	f.Add(seed(3, 1, 0, 1, 3, 2, 1, 0, 1, 200, last, last))
	f.Fuzz(func(t *testing.T, data []byte) {
		var list []span
		for ; len(data) >= 18 && len(list) < 2000; data = data[18:] {
			from, to := int64(binary.BigEndian.Uint64(data[2:])&math.MaxInt64), int64(binary.BigEndian.Uint64(data[10:])&math.MaxInt64)
			for range data[0] {
				list = append(list, span{string(rune('a' + data[0]%3)), fmt.Sprint(len(list) + 1), fmt.Sprint(data[1]), from % allYears, to % allYears})
			}
		}
		checkTimes(t, build(t, spans(list)))
	})
}
