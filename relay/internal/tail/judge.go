package tail

import "time"

// judge asks the rules, and keeps what they have to know of the traces before.
type judge struct {
	rules Rules
	names names
}

func newJudge(r Rules) judge { return judge{rules: r, names: newNames(r.RareWithin)} }

// verdict decides a trace that is over, and counts it. Rules that keep all traces of a
// sort come first, so that Of is 1 wherever it can be.
func (j *judge) verdict(f *facts, place float64, now time.Time) Verdict {
	n := j.names.of(f.name(), now)
	r := &j.rules
	rare := n != &j.names.others && n.seen.total() < r.RareBelow
	slow := 0.0
	n.seen.now++
	if r.Slowest > 0 {
		slow = n.durations.slowest(f.duration(), r.Slowest, place)
		n.durations.add(f.duration())
	}
	switch {
	case r.Errors && f.failed:
		return Verdict{Keep: true, Rule: byErrors, Of: 1}
	case rare:
		return Verdict{Keep: true, Rule: byRare, Of: 1}
	case slow > 0:
		return Verdict{Keep: true, Rule: bySlowest, Of: slow}
	}
	if r.Rate > 0 {
		n.since++
		if !now.Before(n.next) {
			v := Verdict{Keep: true, Rule: byRate, Of: float64(n.since)}
			n.since, n.next = 0, now.Add(time.Minute/time.Duration(r.Rate))
			return v
		}
	}
	if r.Probability > 0 && place <= r.Probability {
		return Verdict{Keep: true, Rule: byProbability, Of: 1 / r.Probability}
	}
	return Verdict{}
}
