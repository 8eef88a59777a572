package report_test

import (
	"strings"
	"testing"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/document"
	"github.com/sonde-go/sonde/report/text"
)

// TestTraceParent: the first point that knows its span of OpenTelemetry's says it, and
// the text and the document do.
func TestTraceParent(t *testing.T) {
	const first, second = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "00-5bf92f3577b34da6a3ce929d0e0e4736-10f067aa0ba902b7-00"
	for name, c := range map[string]struct {
		infos []string
		want  string
	}{
		"none":     {[]string{`{}`, `{"sonde":{"kind":"server"}}`}, ""},
		"two":      {[]string{`{}`, `{"sonde":{"traceparent":"` + first + `"}}`, `{"sonde":{"traceparent":"` + second + `"}}`}, first},
		"nonsense": {[]string{`{"sonde":{"traceparent":7}}`, `{"sonde":{"traceparent":"\u001b[31m"}}`, `{"traceparent":"` + first + `"}`}, ""},
		"after it": {[]string{`{"sonde":{"traceparent":[]}}`, `{"sonde":{"traceparent":"` + second + `"}}`}, second},
	} {
		t.Run(name, func(t *testing.T) {
			base := header.NewID()
			r, err := report.Build(func(yield func(record.Record, error) bool) {
				for i, info := range c.infos {
					e := record.New(record.Fields{Trace: base, Parent: base, Point: header.NewID(), Name: "http", Phase: record.Start,
						Time: int64(i+1) * 1e6, Project: "p", Service: "s", Info: []byte(info)})
					if !yield(record.Parse(e.JSON())) {
						return
					}
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			got, ok := r.TraceParent()
			if ok != (c.want != "") || ok && got.String() != c.want {
				t.Errorf("%v, %v; want %q", got, ok, c.want)
			}
			var lines, doc strings.Builder
			if err := text.Write(&lines, r, report.Options{}); err != nil {
				t.Fatal(err)
			}
			if err := document.Write(&doc, r, report.Options{}); err != nil {
				t.Fatal(err)
			}
			if c.want == "" {
				if strings.Contains(lines.String(), "OpenTelemetry") || !strings.Contains(doc.String(), `"traceparent": null`) {
					t.Errorf("%s%s", &lines, &doc)
				}
				return
			}
			parts := strings.Split(c.want, "-")
			if !strings.Contains(lines.String(), "\nOpenTelemetry: trace "+parts[1]+", span "+parts[2]+"\n") || !strings.Contains(doc.String(), `"traceparent": "`+c.want+`"`) {
				t.Errorf("%s%s", &lines, &doc)
			}
		})
	}
}
