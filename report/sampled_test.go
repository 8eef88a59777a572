package report_test

import (
	"testing"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
)

func TestSampled(t *testing.T) {
	drawn := header.NewSampledID(0.01)
	for name, c := range map[string]struct {
		base  header.ID
		infos []string
		want  string
	}{
		"asked for":         {header.NewID(), []string{`{"sonde":{"sampled":{"by":"probability","rate":0.01}}}`}, ""},
		"without a word":    {drawn, []string{`{}`}, "1 of 100; this trace stands for about 100"},
		"by probability":    {drawn, []string{`{"sonde":{"sampled":{"by":"probability","rate":0.01,"route":"GET /cart"}}}`}, "1 of 100 of GET /cart; this trace stands for about 100"},
		"a downstream word": {drawn, []string{`{"sonde":{"sampled":{"by":"downstream","rate":0.001,"route":"GET /x"}}}`, `{"sonde":{"sampled":{"by":"route","rate":0.01,"route":"GET /cart"}}}`}, "1 of 100 of GET /cart; this trace stands for about 100"},
		"a budget":          {drawn, []string{`{"sonde":{"sampled":{"by":"probability","rate":0.01,"budget":0.25}}}`}, "1 of 100; this trace stands for about 100, at 1/4 of the usual rate to stay within a budget"},
		"kept": {drawn, []string{`{"sonde":{"sampled":{"by":"probability","route":"GET /cart"},"kept":{"by":"slowest","of":1}}}`},
			"1 of 100 of GET /cart; this trace stands for about 100; kept by tail sampling: slowest"},
		"kept, said by another record": {drawn, []string{`{"sonde":{"sampled":{"by":"probability","route":"GET /cart"}}}`, `{}`, `{"sonde":{"kept":{"by":"probability","of":20,"early":"memory"}}}`},
			"1 of 100 of GET /cart; this trace stands for about 2000; kept by tail sampling: probability (decided early: memory)"},
		"kept, and no word of the service": {drawn, []string{`{"sonde":{"kept":{"by":"rate","of":7.5}}}`}, "1 of 100; this trace stands for about 750; kept by tail sampling: rate"},
		"kept, though asked for":           {header.NewID(), []string{`{"sonde":{"kept":{"by":"errors","of":1}}}`}, ""},
		"kept by nonsense": {drawn, []string{`{"sonde":{"kept":{"by":"x","of":1e300}}}`, `{"sonde":{"kept":{"by":"x","of":-1}}}`, `{"sonde":{"kept":{"of":9}}}`, `{"sonde":{"kept":"sampled"}}`},
			"1 of 100; this trace stands for about 100"},
		"kept of very many": {header.NewSampledID(1e-9), []string{`{"sonde":{"kept":{"by":"x","of":1e12}}}`}, "*"},
		"nonsense":          {drawn, []string{`{"sonde":{"sampled":{"by":7,"rate":"x"}}}`, `{"sonde":{"sampled":[]}}`, `{"sonde":"sampled"}`}, "1 of 100; this trace stands for about 100"},
	} {
		t.Run(name, func(t *testing.T) {
			var records []record.Record
			for i, info := range c.infos {
				e := record.New(record.Fields{Trace: c.base, Parent: c.base, Point: header.NewID(), Name: "http", Phase: record.Start,
					Time: int64(i+1) * 1e6, Project: "p", Service: "s", Info: []byte(info)})
				r, err := record.Parse(e.JSON())
				if err != nil {
					t.Fatal(err)
				}
				records = append(records, r)
			}
			r, err := report.Build(func(yield func(record.Record, error) bool) {
				for i := range records {
					if !yield(records[i], nil) {
						return
					}
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			got, ok := r.Sampled()
			if c.want == "*" {
				if n := got.StandsFor(); n < 1e12 {
					t.Errorf("stands for %d", n)
				}
				return
			}
			if text := got.String(); ok != (c.want != "") || ok && text != c.want {
				t.Errorf("%q, %v; want %q", text, ok, c.want)
			}
		})
	}
}
