package tail

import (
	"strconv"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/record"
)

// mark says in the records with which the trace begins why it was kept and what it
// stands for, as info.sonde.kept:
//
//	{"by":"slowest","of":1}
//	{"by":"probability","of":20,"early":"memory"}
//
// Those are the starts of its points at the top, so that a message that is handled
// again is marked again. It reports whether there are any.
func (b *Batch) mark(v *Verdict) (marked bool) {
	for i := range b.Events {
		if e := &b.Events[i]; e.Phase() == record.Start && e.Parent() == e.Trace() {
			v.markOne(e)
			marked = true
		}
	}
	return marked
}

// mark marks a trace that is kept. Where it begins may have been lost: then its first
// record says so.
func (t *Trace) mark() {
	marked := false
	for i := range t.batches {
		marked = t.batches[i].mark(&t.Verdict) || marked
	}
	if !marked && len(t.batches[0].Events) > 0 {
		t.Verdict.markOne(&t.batches[0].Events[0])
	}
}

func (v *Verdict) markOne(e *record.Event) {
	if info, ok := v.in(e.Info()); ok {
		e.Change(func(f *record.Fields) { f.Info = info })
	}
}

// in returns an info that says so: at the beginning of its member "sonde", or of
// itself if it has none. It never changes a member that is no object.
func (v *Verdict) in(info []byte) (marked []byte, ok bool) {
	c := jsontext.NewCursor(info)
	if c.Kind() != '{' {
		return nil, false
	}
	at, within, isObject := jsontext.SkipSpace(info, 0)+1, false, true
	for c.Open(); c.Next(); {
		if key := c.Key(); jsontext.KeyIs(key, "sonde") {
			within, isObject = true, c.Kind() == '{'
			at = len(info) - len(c.Rest()) + 1
		}
		c.Value()
	}
	if !isObject {
		return nil, false
	}
	marked = append(make([]byte, 0, len(info)+80), info[:at]...)
	marked = v.member(marked, within)
	if info[jsontext.SkipSpace(info, at)] != '}' {
		marked = append(marked, ',')
	}
	return append(marked, info[at:]...), true
}

// member appends the mark.
func (v *Verdict) member(b []byte, within bool) []byte {
	if !within {
		b = append(b, `"sonde":{`...)
	}
	b = append(append(append(b, `"kept":{"by":"`...), v.Rule...), `","of":`...)
	b = strconv.AppendFloat(b, v.Of, 'g', 6, 64)
	if v.Early != "" {
		b = append(append(append(b, `,"early":"`...), v.Early...), '"')
	}
	b = append(b, '}')
	if !within {
		b = append(b, '}')
	}
	return b
}
