package report

import (
	"bytes"

	"github.com/sonde-go/sonde/internal/jsontext"
)

// mentioned are the members of info.sonde that any record has, so that nobody looks
// for one through all records of a trace in which none has it. Most records have a kind
// only, which is not among them.
type mentioned struct {
	names map[string]bool
	many  bool // more names than anybody has written: any may be among them
}

// mostMentioned is how many names are kept.
const mostMentioned = 100

// has reports whether a record may have the member info.sonde.name.
func (m *mentioned) has(name string) bool { return m.many || m.names[name] }

// note notes what an info mentions.
func (m *mentioned) note(info []byte) {
	if m.many || saysKindOnly(info) {
		return
	}
	jsontext.UniqueMembers(jsontext.Get(info, "sonde"), func(key, _ []byte) {
		name := plainText(key)
		if m.names[name] {
			return
		}
		if m.names == nil {
			m.names = map[string]bool{}
		}
		m.names[name] = true
		m.many = len(m.names) > mostMentioned
	})
}

// saysKindOnly reports that no object called sonde, wherever it is in an info, has more
// than a kind. It may be false where that is so too.
func saysKindOnly(info []byte) bool {
	const name, kind = `sonde"`, `:{"kind":"`
	if bytes.Contains(info, []byte(`\u`)) { // the name may be written otherwise
		return false
	}
	for {
		_, rest, found := bytes.Cut(info, []byte(name))
		if !found {
			return true
		}
		rest, ok := bytes.CutPrefix(rest, []byte(kind))
		end := bytes.IndexByte(rest, '"') + 1
		if !ok || end == 0 || !bytes.HasPrefix(rest[end:], []byte("}")) {
			return false
		}
		info = rest[end:]
	}
}
