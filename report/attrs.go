package report

import (
	"encoding/json"
	"strings"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/record"
)

// Layer returns the layer of p, built in or described by the trace's own records:
// the first one whose group is in p's start record. It returns nil if there is
// none.
func (r *Report) Layer(p *Point) *layer.Layer { return r.view(p).Layer() }

// Described returns the layer of a group that the trace's own records describe, nil if
// none does.
func (r *Report) Described(group string) *layer.Layer { return r.foreign()[group] }

// Text returns the text of a member of p's info by its path, such as
// "request.method", from the stop record or else from the start record; "" if
// neither has it. A value that is not a string is returned as JSON. The text is as
// stored, and so hostile.
func (r *Report) Text(p *Point, path string) string {
	return memberText(r.Info(p, record.Start), r.Info(p, record.Stop), path)
}

// Member returns a member of p's info by its path, as JSON, from the start record
// or else from the stop record; nil if neither has it.
func (r *Report) Member(p *Point, path string) json.RawMessage {
	names := strings.Split(path, ".")
	if value := jsontext.Get(r.Info(p, record.Start), names...); value != nil {
		return value
	}
	return jsontext.Get(r.Info(p, record.Stop), names...)
}
