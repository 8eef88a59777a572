package sarif

import (
	_ "embed"
	"strings"

	"github.com/sonde-go/sonde/report/findings"
)

const (
	home = "https://github.com/sonde-go/sonde"
	help = home + "/blob/main/docs/findings.md#"
)

// kinds has a line for each kind: its name, a tab, and what docs/findings.md says
// of it. A test writes it.
//
//go:embed kinds.txt
var kinds string

// rules are the kinds of findings, in the order of docs/findings.md.
func rules() (list []rule) {
	about := map[findings.Kind]string{}
	for line := range strings.Lines(kinds) {
		kind, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		about[findings.Kind(kind)] = text
	}
	for _, k := range findings.Kinds() {
		list = append(list, rule{k, message{about[k]}, help + string(k), configuration{level(k)}})
	}
	return list
}
