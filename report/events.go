package report

import "encoding/json"

// event is what is kept of a record.
type event struct {
	name    string
	payload json.RawMessage
	info    json.RawMessage // nil if there is none
	next    int32           // of the same point
}

const chunkBits = 10

// events is a list that grows without being copied.
type events struct {
	chunks []*[1 << chunkBits]event
	len    int32
}

func (l *events) at(i int32) *event {
	return &l.chunks[i>>chunkBits][i&(1<<chunkBits-1)]
}

func (l *events) add(e event) (i int32) {
	i = l.len
	if int(i>>chunkBits) == len(l.chunks) {
		l.chunks = append(l.chunks, new([1 << chunkBits]event))
	}
	*l.at(i) = e
	l.len++
	return i
}
