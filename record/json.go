package record

import "github.com/sonde-go/sonde/internal/jsontext"

// AppendJSON appends the event to b as OSProfiler stores it, one JSON object in
// ASCII without blanks or a newline:
//
//	{"name":"db-start","base_id":…,"trace_id":…,"parent_id":…,"timestamp":…,"info":{…},"project":…,"service":…}
func (e *Event) AppendJSON(b []byte) []byte {
	b = jsontext.AppendEscaped(append(b, `{"name":"`...), e.f.Name)
	b = e.appendIDs(append(append(b, '-'), e.f.Phase.String()...))
	b = append(b, e.f.Info...)
	b = jsontext.AppendString(append(b, `,"project":`...), e.f.Project)
	b = jsontext.AppendString(append(b, `,"service":`...), e.f.Service)
	return append(b, '}')
}

// The part of a record between the name and the info. As long as all ids are
// UUIDs, only the ids and the time differ from record to record.
const (
	noUUID = "00000000-0000-0000-0000-000000000000"
	noTime = "0000-00-00T00:00:00.000000"
	idsA   = `","base_id":"`
	idsB   = `","trace_id":"`
	idsC   = `","parent_id":"`
	idsD   = `","timestamp":"`
	idsE   = `","info":`
	ids    = idsA + noUUID + idsB + noUUID + idsC + noUUID + idsD + noTime + idsE

	baseAt   = len(idsA)
	traceAt  = baseAt + len(noUUID) + len(idsB)
	parentAt = traceAt + len(noUUID) + len(idsC)
	timeAt   = parentAt + len(noUUID) + len(idsD)
)

func (e *Event) appendIDs(b []byte) []byte {
	n := len(b)
	b = append(b, ids...)
	t := b[n:]
	if e.f.Trace.PutUUID((*[36]byte)(t[baseAt:])) && e.f.Point.PutUUID((*[36]byte)(t[traceAt:])) && e.f.Parent.PutUUID((*[36]byte)(t[parentAt:])) {
		putTimestamp((*[26]byte)(t[timeAt:]), e.f.Time)
		return b
	}
	b = e.f.Trace.Append(append(b[:n], idsA...))
	b = e.f.Point.Append(append(b, idsB...))
	b = e.f.Parent.Append(append(b, idsC...))
	b = AppendTimestamp(append(b, idsD...), e.f.Time)
	return append(b, idsE...)
}
