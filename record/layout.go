package record

import (
	"bytes"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/jsontext"
)

// Layout says where the parts of a record are in its text. The zero Layout is that of
// no text.
type Layout struct {
	name, info, end uint32 // where the name and the info end, and where the info begins
	marks
}

// marks are apart from the other fields because the compiler keeps a struct of up to
// four fields in registers. In memory, a Layout that was just written in parts is slow
// to copy: the copy waits until all that was written before it, the text, has reached
// the cache.
type marks struct {
	phase    Phase
	numbered bool // the text has the record's number
	more     bool // the text has members that are none of a record's own
}

// Info returns the info in the text of a record.
func (l *Layout) Info(text []byte) []byte { return text[l.info:l.end:l.end] }

// furtherMembers returns the members in the text of a record that are none of a record's
// own.
func (l *Layout) furtherMembers(text []byte) []byte {
	if !l.more {
		return nil
	}
	rest := text[int(l.end)+len(beforeProject):]
	rest = rest[jsontext.Skip(rest, 0)+len(beforeService):]
	rest = rest[jsontext.Skip(rest, 0):]
	if l.numbered {
		rest, _ = compact.cutNumber(rest)
		return rest[:len(rest):len(rest)]
	}
	return rest[: len(rest)-1 : len(rest)-1]
}

// Phase returns whether the record is a start or a stop.
func (l *Layout) Phase() Phase { return l.phase }

// named returns the text up to end, without the beginning, unescaped.
func (l *Layout) named(text []byte, end int) string {
	if text == nil {
		return ""
	}
	return string(jsontext.AppendUnquoted(nil, text[len(beforeName)-1:end+1]))
}

// nameEnd is where the name of the record ends, and l.name that of the point.
func (l *Layout) nameEnd() int { return int(l.name) + len(l.phase.suffix()) }

// id returns the id of the point, or that of its parent.
func (l *Layout) id(text []byte, parent bool) (id header.ID) {
	if text == nil {
		return id
	}
	// The ids of the trace, the point and the parent; none contains a quote.
	ids := text[l.nameEnd()+len(beforeTrace):]
	ids = ids[bytes.IndexByte(ids, '"')+len(beforePoint):]
	if parent {
		ids = ids[bytes.IndexByte(ids, '"')+len(beforeParent):]
	}
	id, _ = header.ParseID(ids[:bytes.IndexByte(ids, '"')])
	return id
}
