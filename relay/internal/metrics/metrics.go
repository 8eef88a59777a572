// Package metrics writes what an agent or a collector counts as Prometheus reads it:
// the text format, version 0.0.4.
// https://prometheus.io/docs/instrumenting/exposition_formats/
package metrics

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// ContentType is that of the text.
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// Text gathers metrics. The zero Text is ready for use.
type Text struct{ b strings.Builder }

// String is what was gathered.
func (t *Text) String() string { return t.b.String() }

// Counter adds a number that only grows; its name ends in _total.
func (t *Text) Counter(name, help string, value uint64) {
	t.head(name, "counter", help)
	fmt.Fprintf(&t.b, "%s %d\n", name, value)
}

// Counters adds the numbers of one name for each value of a label, in their order.
func (t *Text) Counters(name, help, label string, values map[string]uint64) {
	t.head(name, "counter", help)
	for _, v := range slices.Sorted(maps.Keys(values)) {
		fmt.Fprintf(&t.b, "%s{%s=\"%s\"} %d\n", name, label, escape.Replace(v), values[v])
	}
}

// Gauge adds a number that rises and falls.
func (t *Text) Gauge(name, help string, value float64) {
	t.head(name, "gauge", help)
	fmt.Fprintf(&t.b, "%s %s\n", name, strconv.FormatFloat(value, 'g', -1, 64))
}

func (t *Text) head(name, kind, help string) {
	fmt.Fprintf(&t.b, "# HELP %s %s\n# TYPE %s %s\n", name, escapeHelp.Replace(help), name, kind)
}

var (
	escape     = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
	escapeHelp = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
)
