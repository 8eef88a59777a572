package profiler

import (
	"log/slog"
	"strconv"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/record"
)

// plain says that encoding attrs calls no code but our own.
func plain(attrs []slog.Attr) bool {
	for i := range attrs {
		if k := attrs[i].Value.Kind(); k == slog.KindAny || k >= slog.KindGroup {
			return false
		}
	}
	return true
}

// begin begins a record, which [node.record] ends. If what is to be encoded is plain,
// the encoder writes straight into the chunk of the trace, which stays locked until
// the record ends; else, or if the trace is busy, it has a buffer of its own.
func (n *node) begin(phase record.Phase, plain bool) *encoder {
	var e *encoder
	if plain {
		e = n.trace.write()
	}
	if e == nil {
		e = newEncoder(n.trace.svc)
	}
	n.head(e, phase)
	return e
}

// head writes what stands before the info, and begins that.
func (n *node) head(e *encoder, phase record.Phase) {
	var parent []byte
	if n.above != nil {
		parent = n.above.idText[:]
	} else {
		var room [128]byte // is enough for any id
		parent = n.trace.parent.Append(room[:0])
	}
	from := len(e.buf)
	e.buf, e.layout = n.trace.frame.Begin(e.buf, n.name, phase, &n.idText, parent)
	e.from, e.limit = from, len(e.buf)+maxInfo
	e.buf = append(e.buf, '{')
}

// record ends the record that e holds, writes it, and frees e.
func (n *node) record(at int64, e *encoder) {
	if e.truncated {
		n.trace.svc.cutInfos.Add(1)
	}
	if n.watch == nil || e.layout.Phase() == record.Stop { // the start may be taken back
		if refused := n.trace.tally.toTell(); refused > 0 {
			e.about += `"refused":` + strconv.FormatUint(refused, 10) + `,`
		}
	}
	e.end(at)
	direct := e.direct // e belongs to the chunk, which others have after emit
	n.trace.emit(n, at, e)
	if !direct {
		e.free()
	}
}

// end ends the record that e holds.
func (e *encoder) end(at int64) {
	e.layout.SetTime(e.buf[e.from:], at)
	t, kind := &e.svc.queue.tails, e.kind
	if e.sonde = kind != layer.Unspecified || e.truncated || e.about != ""; e.truncated || e.about != "" {
		e.buf = append(append(append(e.buf, `"sonde":{`...), kindMembers[kind]...), e.about...)
		if e.truncated {
			e.buf = append(e.buf, `"truncated":true,`...)
		}
		e.buf = append(e.buf[:len(e.buf)-1], '}', ',')
		kind = layer.Unspecified
	}
	e.buf = append(e.buf, t.byKind[kind]...)
	e.layout.EndInfo(len(e.buf) - t.afterInfo - e.from)
}

// tails are the ends of a service's records, each of which begins in the info.
type tails struct {
	// byKind has an info.sonde that says nothing but the kind, before the host; none
	// for layer.Unspecified.
	byKind    [layer.Consumer + 1][]byte
	afterInfo int // bytes of each
}

func newTails(s *record.Source) (t tails) {
	host := append(jsontext.AppendString([]byte(`"host":`), s.Host), '}')
	tail := record.AppendTail(host, s.Project, s.Service)
	t.afterInfo = len(tail) - len(host)
	for k, member := range kindMembers {
		if member != "" {
			t.byKind[k] = append(t.byKind[k], `"sonde":{`+member[:len(member)-1]+`},`...)
		}
		t.byKind[k] = append(t.byKind[k], tail...)
	}
	return t
}

// host is the tail from the host on, and info the one of a record that has no other
// attributes.
func (t *tails) host() []byte { return t.byKind[layer.Unspecified] }

func (t *tails) info(k layer.Kind) []byte {
	tail := t.byKind[k]
	return append([]byte{'{'}, tail[:len(tail)-t.afterInfo]...)
}
