// Package header packs, signs and verifies the two headers that carry a trace
// from one service to the next:
//
//	X-Trace-Info: URL-safe base64 of {"base_id": "…", "parent_id": "…"}
//	X-Trace-HMAC: lower-case hex HMAC-SHA1 of the text of X-Trace-Info
//
// The format is OSProfiler's (OpenStack), byte for byte, so that a request may
// cross Go and Python services in any order. Anyone with a key can start a
// trace; a request without a valid signature is served untraced.
//
// A [Keyring] holds one or more keys: the first one signs new traces, and all of
// them verify, so that keys can be rotated. The [Key] that verified a request
// also signs the calls that the request makes.
//
// Where OSProfiler accepts ids that it later fails on (numbers, lists, texts
// with quotes), this package refuses them; see [ParseID].
package header

// The two headers, as they are written on the wire and as net/http spells them
// in the keys of an [net/http.Header]. Indexing the header map with the
// canonical keys is the cheapest way to see that a request is not traced.
const (
	InfoName = "X-Trace-Info"
	HMACName = "X-Trace-HMAC"

	InfoKey = "X-Trace-Info"
	HMACKey = "X-Trace-Hmac"
)

// MaxLen is the size in bytes above which either header is refused unread. Two
// ids of the greatest length and a key that OSProfiler has embedded fit in.
const MaxLen = 1024
