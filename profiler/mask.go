package profiler

import (
	"bytes"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/layer"
)

// maskMembers masks the members of JSON written by encoding/json, at any depth.
func maskMembers(m *layer.Mask, j []byte) []byte {
	if bytes.IndexByte(j, ':') < 0 {
		return j
	}
	out := make([]byte, 0, len(j))
	done := 0
	for i := 0; i < len(j); {
		if j[i] != '"' {
			i++
			continue
		}
		end := jsontext.Skip(j, i)
		if end >= len(j) || j[end] != ':' {
			i = end
			continue
		}
		name, ok := jsontext.Text(j[i:end])
		if i = end + 1; !ok || !m.Hides(name) {
			continue
		}
		out = append(append(out, j[done:i]...), masked...)
		i = jsontext.Skip(j, i)
		done = i
	}
	return append(out, j[done:]...)
}
