package diff

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sonde-go/sonde/internal/figures"
	"github.com/sonde-go/sonde/internal/saturate"
	"github.com/sonde-go/sonde/report/profile"
)

// Condition is what must not be true of a difference: "total>+20%". docs/diff.md
// has its grammar. The zero Condition is never true.
type Condition struct {
	text     string
	metric   string
	selector selector
	below    bool // true of what is less than the bound, and else of what is more
	equal    bool // or equal
	change   bool // the bound is of the difference, in parts of what was before if percent
	percent  bool
	bound    float64 // microseconds, or a count
}

// measures are what a condition is about, and whether it is a time.
var measures = map[string]bool{
	"total": true, "self": true, "critical": true, "p50": true, "p95": true, "max": true,
	"count": false, "new": false, "gone": false,
}

// ParseCondition reads a condition. The error is one line.
func ParseCondition(text string) (c Condition, err error) {
	c.text = strings.TrimSpace(text)
	fail := func(format string, a ...any) (Condition, error) {
		return Condition{}, fmt.Errorf("condition %q: %s", text, fmt.Sprintf(format, a...))
	}
	rest := c.text
	c.metric, rest = word(rest)
	isTime, known := measures[c.metric]
	if !known {
		return fail("it begins with total, self, critical, count, p50, p95, max, new or gone")
	}
	if strings.HasPrefix(rest, "(") {
		if c.selector, rest, err = parseSelector(rest[1:]); err != nil {
			return fail("%v", err)
		}
	}
	presence := c.metric == "new" || c.metric == "gone"
	rest = strings.TrimSpace(rest)
	if rest == "" && presence {
		return c, nil
	}
	switch {
	case strings.HasPrefix(rest, ">"):
	case strings.HasPrefix(rest, "<"):
		c.below = true
	default:
		return fail("%s is followed by >, >=, < or <= and a bound", c.metric)
	}
	rest = rest[1:]
	rest, c.equal = strings.CutPrefix(rest, "=")
	if err := c.parseBound(strings.TrimSpace(rest), isTime); err != nil {
		return fail("%v", err)
	}
	if presence && c.change {
		return fail("a bound of %s is a count without a sign", c.metric)
	}
	return c, nil
}

// word takes the letters, digits and other characters of names off the beginning.
func word(s string) (first, rest string) {
	end := strings.IndexFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-.", r)
	})
	if end < 0 {
		end = len(s)
	}
	return s[:end], s[end:]
}

// units are those of times, in microseconds.
var units = map[string]float64{"us": 1, "µs": 1, "μs": 1, "ms": 1e3, "s": 1e6, "m": 60e6}

// parseBound reads "+20%", "50ms" or "10".
func (c *Condition) parseBound(s string, isTime bool) error {
	end := strings.IndexFunc(s, func(r rune) bool { return !strings.ContainsRune("+-.0123456789", r) })
	if end < 0 {
		end = len(s)
	}
	number, unit := s[:end], strings.TrimSpace(s[end:])
	c.change = strings.HasPrefix(number, "+") || strings.HasPrefix(number, "-")
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || math.IsInf(n, 0) {
		return fmt.Errorf("%q is not a number such as 10, 50ms, +5ms or +20%%", s)
	}
	if n == 0 {
		n = 0 // and not -0
	}
	c.bound = n
	switch scale, ok := units[unit]; {
	case unit == "%":
		if !c.change {
			return errors.New("a percentage has a sign, since it is of what was before: +20%")
		}
		c.percent = true
		c.bound /= 100
	case isTime && ok:
		c.bound *= scale
	case isTime && unit == "" && n != 0:
		return errors.New("a time has a unit: us, ms, s or m")
	case unit != "" && (ok || !isTime):
		return fmt.Errorf("a count has no unit %q", unit)
	case unit != "":
		return fmt.Errorf("%q is not a unit of time: us, ms, s or m", unit)
	}
	return nil
}

// String is the condition as it was given.
func (c Condition) String() string { return c.text }

// Check reports whether the condition is true, which it is not to be, and says
// what was compared: "count(db)>10: 31 a trace, 11 before". The text is clean as far as
// the condition is.
func (c Condition) Check(d *Diff) (text string, met bool) {
	if c.metric == "" {
		return "", false
	}
	before, after := c.measure(d)
	value := after
	if c.change {
		value -= before
		if c.percent && value != 0 {
			value /= before // +Inf of what was not there
		}
	}
	switch {
	case c.metric == "new" || c.metric == "gone":
		text = figures.Counted(int(after), "path")
	case measures[c.metric]:
		text = figures.Duration(inTime(after)) + ", " + figures.Duration(inTime(before)) + " before"
	default:
		text = figures.Mean(after) + " a trace, " + figures.Mean(before) + " before"
	}
	met = value > c.bound
	if c.below {
		met = value < c.bound
	}
	return c.text + ": " + text, met || c.equal && value == c.bound
}

func inTime(micros float64) time.Duration { return time.Duration(micros * 1e3) }

// measure is the figure before and after: microseconds or a count.
func (c Condition) measure(d *Diff) (before, after float64) {
	if c.metric == "new" || c.metric == "gone" {
		for i := range d.Changes {
			ch := &d.Changes[i]
			if (c.metric == "new" && ch.New() || c.metric == "gone" && ch.Gone()) && c.selector.matches(ch.Path) {
				after++
			}
		}
		return 0, after
	}
	return c.figure(d.Before), c.figure(d.After)
}

// figure is that of one group. Without a selector times are those of traces.
func (c Condition) figure(p *profile.Profile) float64 {
	traces := float64(max(1, p.Traces))
	var durations profile.Durations
	var longest, total, sum time.Duration
	count := 0
	for path := range p.All() {
		if !c.selector.matches(path) {
			continue
		}
		count += path.Count
		durations.Add(path)
		longest = max(longest, path.Max)
		switch c.metric {
		case "self":
			sum = saturate.Add(sum, path.Self)
		case "critical":
			sum = saturate.Add(sum, path.Critical)
		}
		if !c.selector.above(path) {
			total = saturate.Add(total, path.Total)
		}
	}
	all := c.selector == selector{}
	if all {
		total, longest = p.Total, p.Max()
	}
	switch c.metric {
	case "count":
		return float64(count) / traces
	case "max":
		return micros(longest)
	case "p50", "p95":
		q := map[string]float64{"p50": 0.5, "p95": 0.95}[c.metric]
		if all {
			return micros(p.Quantile(q))
		}
		return micros(durations.Quantile(q))
	case "total":
		return micros(total) / traces
	}
	return micros(sum) / traces
}

func micros(d time.Duration) float64 { return float64(d) / 1e3 }

// selector chooses paths; the zero one all.
type selector struct {
	text   string
	quoted bool
}

// parseSelector reads what follows a parenthesis up to the closing one.
func parseSelector(s string) (sel selector, rest string, err error) {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, `"`) {
		text, after, ok := strings.Cut(s[1:], `"`)
		if !ok {
			return sel, "", errors.New("a quote is not closed")
		}
		sel, rest = selector{text, true}, after
	} else {
		sel.text, rest = word(s)
	}
	rest, ok := strings.CutPrefix(strings.TrimSpace(rest), ")")
	switch {
	case !ok:
		return sel, "", errors.New(`in the parentheses is a word or a text in double quotes: count(db), count("FROM stock")`)
	case sel.text == "" || !utf8.ValidString(sel.text):
		return sel, "", errors.New("the parentheses are empty")
	}
	return sel, rest, nil
}

// matches says whether a path is one of points of that name, layer, kind or service,
// or did what the quoted text is a part of.
func (s selector) matches(p *profile.Path) bool {
	switch {
	case s.text == "":
		return true
	case s.quoted:
		return strings.Contains(p.Title, s.text) || strings.Contains(p.What, s.text)
	}
	return s.text == p.Name || s.text == p.Group || s.text == p.Kind.String() || s.text == p.Service
}

// above reports whether a path above p matches, so that p's time is in that one's.
func (s selector) above(p *profile.Path) bool {
	for p = p.Above; p != nil; p = p.Above {
		if s.matches(p) {
			return true
		}
	}
	return false
}
