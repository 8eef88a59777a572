package text

import (
	"bytes"
	"io"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/findings"
)

// WriteHead writes the first lines of [Write]: what was asked, the trace's id and
// time, and whether requests were refused. It writes nothing of a report without
// points. Found is what [findings.Find] has found in r.
func WriteHead(w io.Writer, r *report.Report, found *findings.Result, o report.Options) error {
	t := newWriter(o)
	if r.Len() > 0 {
		tree := newTree(r, classified(r), t.Now)
		tree.correct(found.Shifts)
		t.head(tree, &found.Head)
	}
	_, err := w.Write(t.out.Bytes())
	return err
}

// WriteWaterfall writes the waterfall of [Write] with a line above it that names
// its columns, and nothing if there are no points. Found is what [findings.Find]
// has found in r: its findings are numbered in their order.
func WriteWaterfall(w io.Writer, r *report.Report, found *findings.Result, o report.Options) error {
	t := newWriter(o)
	tree := newTree(r, classified(r), t.Now)
	tree.correct(found.Shifts)
	for i, f := range found.Standing() {
		t.prove(&f, i+1)
	}
	t.path = found.Waited()
	if len(tree.nodes) > 0 {
		t.waterfall(newRows(tree, t.evidence, t.MaxRows))
	}
	_, err := w.Write(bytes.TrimPrefix(t.out.Bytes(), []byte("\n")))
	return err
}
