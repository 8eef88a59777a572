package header

import "encoding/hex"

// TraceParentName is the name of the header in which OpenTelemetry carries a trace
// from one program to the next, as W3C Trace Context describes it:
// https://www.w3.org/TR/trace-context/.
const TraceParentName = "traceparent"

// TraceParent is what the header traceparent says: a trace and a span of
// OpenTelemetry's. The zero TraceParent is none.
type TraceParent struct {
	Trace [16]byte
	Span  [8]byte
	Flags byte // 1: sampled
}

// The places of the parts in "00-<32 digits>-<16 digits>-<2 digits>".
const (
	traceParentLen = 55
	traceAt        = len("00-")
	spanAt         = traceAt + 32 + len("-")
	flagsAt        = spanAt + 16 + len("-")
)

// ParseTraceParent reads the value of a traceparent header. It returns false if the
// header is none that Trace Context allows; of versions to come it reads what is in
// the first one.
func ParseTraceParent(text string) (TraceParent, bool) {
	if len(text) < traceParentLen || text[traceAt-1] != '-' || text[spanAt-1] != '-' || text[flagsAt-1] != '-' {
		return TraceParent{}, false
	}
	if len(text) > traceParentLen && (text[:2] == "00" || text[traceParentLen] != '-') {
		return TraceParent{}, false
	}
	var version, flags [1]byte
	var p TraceParent
	if !lowerHex(version[:], text[:2]) || version[0] == 0xff ||
		!lowerHex(p.Trace[:], text[traceAt:spanAt-1]) || !lowerHex(p.Span[:], text[spanAt:flagsAt-1]) ||
		!lowerHex(flags[:], text[flagsAt:traceParentLen]) || p.Trace == [16]byte{} || p.Span == [8]byte{} {
		return TraceParent{}, false
	}
	p.Flags = flags[0]
	return p, true
}

// lowerHex decodes digits of which none is a capital letter.
func lowerHex(to []byte, digits string) bool {
	for i := range len(digits) {
		if 'A' <= digits[i] && digits[i] <= 'F' {
			return false
		}
	}
	_, err := hex.Decode(to, []byte(digits))
	return err == nil
}

// String returns p as the header has it, or "" for the zero TraceParent.
func (p TraceParent) String() string {
	if p == (TraceParent{}) {
		return ""
	}
	b := make([]byte, 0, traceParentLen)
	b = hex.AppendEncode(append(b, "00-"...), p.Trace[:])
	b = hex.AppendEncode(append(b, '-'), p.Span[:])
	return string(hex.AppendEncode(append(b, '-'), []byte{p.Flags}))
}

// TraceID and SpanID return the ids as 32 and as 16 hexadecimal digits, as logs and
// exemplars have them, or "" for the zero TraceParent.
func (p TraceParent) TraceID() string { return p.part(traceAt, spanAt-1) }

// SpanID is described with [TraceParent.TraceID].
func (p TraceParent) SpanID() string { return p.part(spanAt, flagsAt-1) }

func (p TraceParent) part(from, to int) string {
	if p == (TraceParent{}) {
		return ""
	}
	return p.String()[from:to]
}

// Replaces reports whether s.TraceParent is to be sent in place of the traceparent
// that a request carries already: if it carries none, or one of the same trace. One
// of another trace is OpenTelemetry's own, and stays.
func (s Signed) Replaces(traceParent string) bool {
	return s.TraceParent != "" && (traceParent == "" ||
		len(traceParent) >= spanAt && len(s.TraceParent) >= spanAt && traceParent[traceAt:spanAt] == s.TraceParent[traceAt:spanAt])
}
