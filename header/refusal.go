package header

import "strconv"

// Refusal is the reason why a request is not traced. It is an error; compare
// with == or [errors.Is].
type Refusal uint8

// The reasons, in the order in which they are checked.
const (
	// ErrNoInfo: X-Trace-Info is absent or empty.
	ErrNoInfo Refusal = iota
	// ErrNoSignature: X-Trace-HMAC is absent, empty or blank.
	ErrNoSignature
	// ErrNoKeys: this service has no key, so it can verify nothing.
	ErrNoKeys
	// ErrTooLong: a header is longer than MaxLen.
	ErrTooLong
	// ErrUnknownKey: the signature was not made with any of the keys. Anything
	// but 40 lower-case hex digits is refused without trying them.
	ErrUnknownKey
	// ErrNotBase64: the signature is right, but X-Trace-Info does not decode.
	ErrNotBase64
	// ErrNotJSON: the decoded text is not JSON in UTF-8.
	ErrNotJSON
	// ErrNotObject: the JSON is not an object.
	ErrNotObject
	// ErrExtraField: the object has a field besides base_id, parent_id and
	// hmac_key.
	ErrExtraField
	// ErrNoBaseID: the object has no base_id.
	ErrNoBaseID
	// ErrBaseID: base_id is not an id, see ParseID.
	ErrBaseID
	// ErrParentID: parent_id is given and not an id, see ParseID.
	ErrParentID
	// ErrTooManyTraces: the headers are valid, but requests signed with this key
	// have begun too many new traces. This reason and those below come from the
	// limits of a service, never from [Keyring.Verify].
	ErrTooManyTraces
	// ErrTooManyArrivals: the same headers have arrived too often.
	ErrTooManyArrivals
	// ErrTraceFull: the trace has reached its limit of points or bytes here.
	ErrTraceFull

	// Refusals is the number of reasons, for tables of counters.
	Refusals = iota
)

var refusalTexts = [Refusals]string{
	ErrNoInfo:      "no " + InfoName + " header",
	ErrNoSignature: "not signed: no " + HMACName + " header, or a blank one",
	ErrNoKeys:      "no HMAC key is configured here",
	ErrTooLong:     "header longer than " + strconv.Itoa(MaxLen) + " bytes",
	ErrUnknownKey:  "signature matches none of the configured HMAC keys",
	ErrNotBase64:   InfoName + " is not base64",
	ErrNotJSON:     InfoName + " does not hold JSON in UTF-8",
	ErrNotObject:   InfoName + " holds JSON that is not an object",
	ErrExtraField:  InfoName + " has a field besides base_id, parent_id and hmac_key",
	ErrNoBaseID:    InfoName + " has no base_id",
	ErrBaseID:      "base_id is not an id: " + idRule,
	ErrParentID:    "parent_id is not an id: " + idRule,

	ErrTooManyTraces:   "too many new traces signed with this key",
	ErrTooManyArrivals: "the same headers have arrived too often",
	ErrTraceFull:       "the trace has reached its limit of points or bytes here",
}

// Error returns the reason in words.
func (r Refusal) Error() string {
	if int(r) < len(refusalTexts) {
		return refusalTexts[r]
	}
	return "unknown refusal"
}

var refusalNames = [Refusals]string{
	"no_info", "no_signature", "no_keys", "too_long", "unknown_key", "not_base64",
	"not_json", "not_object", "extra_field", "no_base_id", "base_id", "parent_id",
	"too_many_traces", "too_many_arrivals", "trace_full",
}

// Name returns the short name of the reason, for counters and logs.
func (r Refusal) Name() string {
	if int(r) < len(refusalNames) {
		return refusalNames[r]
	}
	return "unknown"
}
