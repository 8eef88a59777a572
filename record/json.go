package record

import "github.com/sonde-go/sonde/internal/jsontext"

// What stands between the values of a record.
const (
	beforeName    = `{"name":"`
	beforeTrace   = `","base_id":"`
	beforePoint   = `","trace_id":"`
	beforeParent  = `","parent_id":"`
	beforeTime    = `","timestamp":"`
	beforeInfo    = `","info":`
	beforeProject = `,"project":`
	beforeService = `,"service":`
)

// AppendJSON appends the record with the fields of f to b, as [Event.AppendJSON] does.
// It returns the longer b and the record's layout.
func (f *Fields) AppendJSON(b []byte) ([]byte, Layout) {
	from := len(b)
	l := Layout{marks: marks{phase: f.Phase}}
	b = jsontext.AppendEscaped(append(b, beforeName...), f.Name)
	l.name = uint32(len(b) - from)
	b = append(append(b, f.Phase.suffix()...), beforeTrace...)
	b = append(f.Trace.Append(b), beforePoint...)
	b = append(f.Point.Append(b), beforeParent...)
	b = append(f.Parent.Append(b), beforeTime...)
	b = append(AppendTimestamp(b, f.Time), beforeInfo...)
	l.info = uint32(len(b) - from)
	b = append(b, f.Info...)
	l.end = uint32(len(b) - from)
	b = AppendTail(b, f.Project, f.Service)
	if l.more = len(f.More) > 0; l.more {
		b = append(append(b[:len(b)-1], f.More...), '}')
	}
	if l.numbered = !f.Number.IsZero(); l.numbered {
		b = append(f.Number.AppendMember(b[:len(b)-1]), '}')
	}
	return b, l
}

// AppendTail appends what stands in a record behind its info, if it has no number.
func AppendTail(b []byte, project, service string) []byte {
	b = jsontext.AppendString(append(b, beforeProject...), project)
	b = jsontext.AppendString(append(b, beforeService...), service)
	return append(b, '}')
}
