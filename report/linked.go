package report

import (
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/jsontext"
)

// TraceParent returns the span of OpenTelemetry's in which the trace ran, as the first
// of its points says that knows one: info.sonde.traceparent. It returns false if none
// does. It reads all records.
func (r *Report) TraceParent() (header.TraceParent, bool) {
	if !r.mentioned.has("traceparent") {
		return header.TraceParent{}, false
	}
	for info := range r.infos() {
		if text, ok := jsontext.Text(jsontext.Get(info, "sonde", "traceparent")); ok {
			if p, ok := header.ParseTraceParent(text); ok {
				return p, true
			}
		}
	}
	return header.TraceParent{}, false
}
