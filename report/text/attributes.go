package text

import (
	"strings"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/internal/terminal"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
)

// Limits on what a row shows of a point's own attributes, those of the program.
const (
	maxAttribute  = 24 // columns of one
	maxAttributes = 40 // of all
)

// attributes are the short attributes that the program has given a point:
// " sku=widget count=3". Those of a layer are in groups, which are objects.
func attributes(r *report.Report, p *report.Point) string {
	var b strings.Builder
	width := 0
	for _, phase := range []record.Phase{record.Start, record.Stop} {
		jsontext.UniqueMembers(r.Info(p, phase), func(key, value []byte) {
			if value[0] == '{' || value[0] == '[' || value[0] == 'n' || len(key)+len(value) > 4*maxAttribute {
				return
			}
			name := plainText(key)
			switch name {
			case "host", "etype", "message", "outcome":
				return
			}
			pair := " " + terminal.Clean(name) + "=" + terminal.Clean(plainText(value))
			n := terminal.Width(pair)
			if n <= maxAttribute+1 && width+n <= maxAttributes {
				width += n
				b.WriteString(pair)
			}
		})
	}
	return b.String()
}
