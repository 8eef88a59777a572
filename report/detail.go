package report

import (
	"bytes"
	"strings"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/layer"
)

// maxDetail is the length in bytes to which a detail is cut: no line shows more.
const maxDetail = 1000

// maxLayers is how many foreign layers one trace may describe.
const maxLayers = 64

// Detail returns in a few words what a point was about, by the label of its
// [layer.Layer]: "GET /cart 200" for a request, the statement of a query, the
// method of a call, the subject of a message, the name of a function. An outcome
// other than success or failure follows in parentheses. It returns "" if the layer
// of the point is not known. The text is as stored, and so hostile, and at most
// 1000 bytes long.
func (r *Report) Detail(p *Point) string { return string(r.view(p).Detail()) }

// Kind returns the kind of work that a point was: what its records say, or else
// what its layer implies, or else Unspecified.
func (r *Report) Kind(p *Point) layer.Kind { return r.view(p).Kind() }

func (r *Report) view(p *Point) *View {
	v := r.NewView()
	v.At(p)
	return v
}

// memberText is the text of a member of the stop record's info, or else of the
// start record's.
func memberText(start, stop []byte, path string) string {
	names := strings.Split(path, ".")
	if text := plainText(jsontext.Get(stop, names...)); text != "" {
		return text
	}
	return plainText(jsontext.Get(start, names...))
}

// foreign are the layers that the trace's own records describe, by group. The
// first description of a group counts.
func (r *Report) foreign() map[string]*layer.Layer {
	r.foreignOnce.Do(func() {
		if !r.mentioned.has("layer") {
			return
		}
		for info := range r.infos() {
			if !bytes.Contains(info, []byte(`"layer"`)) {
				continue
			}
			l, err := layer.Parse(jsontext.Get(info, "sonde", "layer"))
			if err != nil || r.described[l.Group] != nil {
				continue
			}
			if r.described == nil {
				r.described = map[string]*layer.Layer{}
			}
			if len(r.described) == maxLayers {
				return
			}
			r.described[l.Group] = l
		}
	})
	return r.described
}
