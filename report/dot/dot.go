// Package dot writes reports as graphs of Graphviz, as "osprofiler trace show --dot"
// does: https://graphviz.org/doc/info/lang.html.
package dot

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/sonde-go/sonde/internal/terminal"
	"github.com/sonde-go/sonde/report"
)

// Output is [Write] as a form of reports.
var Output = report.Output{
	Name:  "dot",
	Doc:   `a graph for Graphviz, as "osprofiler trace show --dot" prints it`,
	Text:  true,
	Write: Write,
}

// longestPath is how many characters of a request's path are shown.
const longestPath = 30

// Write writes a graph with a node for each point that a root leads to, and one for
// the whole trace above the roots. Milliseconds are those of OSProfiler's report: of
// the records, whatever their clocks. It returns the first error of w.
//
// No option means anything to it.
func Write(w io.Writer, r *report.Report, _ report.Options) error {
	out := bufio.NewWriter(w)
	nodes := 0
	node := func(label ...string) {
		fmt.Fprintf(out, "\t%d [label=\"%s\"]\n", nodes, strings.Join(label, `\n`))
		nodes++
	}
	out.WriteString("digraph {\n")
	node(fmt.Sprintf("total - %d ms", millis(r.Duration().Microseconds())))
	way := []int{0} // nodes down to the one before
	up := func(depth int) {
		for len(way) > depth {
			last := len(way) - 1
			fmt.Fprintf(out, "\t%d -> %d\n", way[last-1], way[last])
			way = way[:last]
		}
	}
	for p := range r.Walk() {
		up(int(p.Depth) + 1)
		way = append(way, nodes)
		node(label(r, p)...)
	}
	up(1)
	out.WriteString("}\n")
	return out.Flush()
}

// label is the lines of a node, escaped.
func label(r *report.Report, p *report.Point) []string {
	name := escape(p.Name)
	if p.Service != "" {
		name = escape(p.Service) + ":" + name
	}
	took := millis(p.Stop().Microseconds()) - millis(p.Start().Microseconds())
	lines := []string{fmt.Sprintf("%s - %d ms", name, took)}
	switch p.Name {
	case "wsgi":
		if path := []rune(r.Text(p, "request.path")); len(path) > 0 {
			lines = append(lines, escape(r.Text(p, "request.method"))+" "+escape(string(path[:min(len(path), longestPath)]))+"..")
		}
	case "rpc", "driver":
		if f := r.Text(p, "function.name"); f != "" {
			lines = append(lines, escape(f[strings.LastIndexByte(f, '.')+1:]))
		}
	}
	return lines
}

// millis cuts microseconds as OSProfiler does.
func millis(micros int64) int64 { return micros / 1000 }

var escaping = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// escape makes a text a part of a quoted one, in which it stands for itself.
func escape(text string) string {
	return escaping.Replace(terminal.Clean(text))
}
