package record

import "github.com/sonde-go/sonde/header"

// Frame writes the records of one trace: most of what stands between their names and
// their infos is copied at once. It is for those who write many records, see
// [Fields.AppendJSON] for one.
type Frame struct {
	uuid [36]byte // the id of the trace as text
	long []byte   // instead of uuid, if it is not a UUID: frame with the id in it
}

const (
	noID = "00000000-0000-0000-0000-000000000000"
	// frame is what stands between the name and the info, fromPoint the end of it.
	frame     = beforeTrace + noID + fromPoint
	fromPoint = beforePoint + noID + beforeParent + noID + fromTime
	fromTime  = beforeTime + noTime + beforeInfo
	// Where the point and the parent are in fromPoint, and the time, counted from the
	// end.
	pointAt  = len(beforePoint)
	parentAt = pointAt + len(noID) + len(beforeParent)
	timeAt   = len(noTime) + len(beforeInfo)
)

// Set makes f the Frame of a trace.
func (f *Frame) Set(trace header.ID) {
	if !trace.PutUUID(&f.uuid) {
		f.long = append(trace.Append([]byte(beforeTrace)), fromPoint...)
	}
}

// Begin appends the beginning of a record to b, up to its info, and returns the
// longer b and the record's layout, whose SetTime and EndInfo the caller has to call.
// The name is given as it stands in JSON, the ids as text.
func (f *Frame) Begin(b []byte, name string, phase Phase, point *[36]byte, parent []byte) ([]byte, Layout) {
	from := len(b)
	b = append(append(b, beforeName...), name...)
	l := Layout{name: uint32(len(b) - from), marks: marks{phase: phase}}
	if phase == Stop { // is faster than suffix
		b = append(b, "-stop"...)
	} else {
		b = append(b, "-start"...)
	}
	if f.long == nil {
		b = append(b, frame...)
		*(*[36]byte)(b[len(b)-len(frame)+len(beforeTrace):]) = f.uuid
	} else {
		b = append(b, f.long...)
	}
	ids := b[len(b)-len(fromPoint):]
	*(*[36]byte)(ids[pointAt:]) = *point
	if len(parent) == len(noID) {
		*(*[36]byte)(ids[parentAt:]) = *(*[36]byte)(parent)
	} else {
		b = append(b[:len(b)-len(fromTime)-len(noID)], parent...)
		b = append(b, fromTime...)
	}
	l.info = uint32(len(b) - from)
	return b, l
}

// SetTime writes the time into the text of the record.
func (l *Layout) SetTime(text []byte, at int64) {
	putTimestamp((*[26]byte)(text[int(l.info)-timeAt:]), at)
}

// EndInfo says where the info ends in the text of the record.
func (l *Layout) EndInfo(end int) { l.end = uint32(end) }
