package partition

import (
	"cmp"
	"fmt"
	"os"
	"slices"
)

// Difference is another collector whose rules are not those of this one.
type Difference struct {
	Collector string   // where it runs: host and process
	Rules     []string // "quiet: 10s there, 20s here", sorted
}

// whereabouts is how people find this collector.
func whereabouts() string {
	host, err := os.Hostname()
	if err != nil {
		host = "?"
	}
	return fmt.Sprintf("%s, process %d", host, os.Getpid())
}

// compare says which settings differ of those that both collectors know.
func compare(here, there map[string]string) (rules []string) {
	for key, value := range there {
		if own, ok := here[key]; ok && own != value {
			rules = append(rules, fmt.Sprintf("%s: %s there, %s here", key, value, own))
		}
	}
	slices.Sort(rules)
	return rules
}

// differences are the collectors that were heard of lately with other rules.
func (m *members) differences() (list []Difference) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, other := range m.heard {
		if rules := compare(m.self.Rules, other.Rules); len(rules) > 0 {
			list = append(list, Difference{other.At, rules})
		}
	}
	slices.SortFunc(list, func(a, b Difference) int { return cmp.Compare(a.Collector, b.Collector) })
	return list
}

// Differences are the collectors that decide by other rules at this time.
func (t *Collector) Differences() []Difference { return t.members.differences() }

// tellDifferences logs what differs and was not told before, which it returns.
func (t *Collector) tellDifferences(told []Difference) []Difference {
	now := t.Differences()
	for _, d := range now {
		if !slices.ContainsFunc(told, func(o Difference) bool { return o.Collector == d.Collector && slices.Equal(o.Rules, d.Rules) }) {
			t.c.Log.Warn("tail sampling: another collector decides by other rules; give all of them the same file", "collector", d.Collector, "rules", d.Rules)
		}
	}
	if len(told) > 0 && len(now) == 0 {
		t.c.Log.Info("tail sampling: all collectors decide by the same rules again")
	}
	return now
}
