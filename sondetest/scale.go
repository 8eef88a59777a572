package sondetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// The scales that code is run at. Two rows are the fewest for which "for each" differs
// from "once".
const small, large = 2, 3

// Scaled is the profiles of one code at two scales.
type Scaled struct {
	small, large *Trace
}

// Scale is [Recorder.Scale] of a new Recorder.
func Scale(t testing.TB, populate func(n int), f func(context.Context), opts ...Option) *Scaled {
	t.Helper()
	return New(t, opts...).Scale(populate, f)
}

// Scale profiles f with 2 rows of data and then with 3, so that a call which is
// made for each of them is found whatever else there is: see [Scaled.Constant].
//
// populate makes n rows, or whatever the code's work grows with, in place of those
// that were there, and clears what the code has kept of them. It is called before
// each run of f and is not profiled. A first run, with 2 rows, is not looked at, so
// that what happens only once, such as reading a configuration, is not counted.
func (r *Recorder) Scale(populate func(n int), f func(context.Context)) *Scaled {
	r.t.Helper()
	run := func(n int) *Trace {
		r.t.Helper()
		populate(n)
		return r.Profile(f)
	}
	run(small)
	return &Scaled{small: run(small), large: run(large)}
}

// Constant demands that each query and call, by its statement, route or method, is
// made no more often with 3 rows than with 2.
func (s *Scaled) Constant() {
	s.large.t.Helper()
	s.judge(0, nil)
}

// Linear demands that each of the named calls is made at most slope times more with
// 3 rows than with 2, and all others no more often. The names are those that a
// failure prints: "db INSERT INTO lines VALUES (?)". Without any it holds for all.
func (s *Scaled) Linear(slope int, names ...string) {
	s.large.t.Helper()
	s.judge(slope, names)
}

func (s *Scaled) judge(slope int, names []string) {
	s.large.t.Helper()
	if !s.large.rec.o.noLayer && !slices.ContainsFunc(s.large.calls(), s.large.goesOut) {
		s.large.failf("no query, call or message of the code was seen, so nothing was checked (AllowNoLayer says that none is expected)")
		return
	}
	few, many := s.small.tally(s.small.calls()), s.large.tally(s.large.calls())
	for _, name := range names {
		if many.count[name] == 0 {
			s.large.failf("no call is named %q; there are: %s", name, strings.Join(many.names, "; "))
		}
	}
	var found []violation
	for _, name := range many.names {
		may := slope
		if len(names) > 0 && !slices.Contains(names, name) {
			may = 0
		}
		if grown := many.count[name] - few.count[name]; grown > may {
			found = append(found, violation{what: name, count: grown, message: fmt.Sprintf(
				"grows with the data, ×%d with %d rows and ×%d with %d, want at most ×%d: %s",
				few.count[name], small, many.count[name], large, few.count[name]+may, name)})
		}
	}
	s.large.judge("grows", found)
}
