package header

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"log/slog"
	"strings"
	"sync"
)

// upstreamDefault is the key that OSProfiler uses if none is configured. It is
// public.
const upstreamDefault = "SECRET_KEY"

// ErrDefaultKey is returned by [ParseKeys] for a list that holds OSProfiler's
// public default key, SECRET_KEY, without [AllowDefaultKey].
var ErrDefaultKey = errors.New("hmac_keys holds " + upstreamDefault + ", OSProfiler's default, which is public; choose another key, or allow this one for a test set-up with AllowDefaultKey")

// Key signs headers. It is safe for concurrent use. However it is printed or
// logged, the secret is redacted.
type Key struct {
	macs   sync.Pool                   // of *macState
	derive func(purpose string) []byte // a key for something else
}

// macState is a keyed hash with the scratch space of one operation; keying a
// hash costs twice as much as using it.
type macState struct {
	hash hash.Hash
	raw  [MaxLen]byte // the header's text
	dec  [MaxLen]byte // its decoded payload
	sum  signature
}

func newKey(secret string) *Key {
	k := &Key{}
	k.macs.New = func() any { return &macState{hash: hmac.New(sha1.New, []byte(secret))} }
	k.derive = func(purpose string) []byte {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(purpose))
		return mac.Sum(nil)
	}
	return k
}

// mac stores the signature of text in st.sum.
func (st *macState) mac(text []byte) []byte {
	st.hash.Reset()
	st.hash.Write(text)
	return st.hash.Sum(st.sum[:0])
}

// signature is the value of X-Trace-HMAC.
type signature [sha1.Size]byte

// read reads 40 lower-case hex digits; no other text can be a signature.
func (mac *signature) read(s string) (ok bool) {
	var t [2 * len(mac)]byte // whose bounds the compiler knows
	if len(s) != copy(t[:], s) || len(s) != len(t) {
		return false
	}
	var bad byte
	for i := range mac {
		hi, lo := unhex[t[2*i]], unhex[t[2*i+1]]
		bad |= hi | lo
		mac[i] = hi<<4 | lo&15
	}
	return bad&0xf0 == 0
}

// Sign returns the signed headers for in. A zero parent id is written as the
// base id. It allocates once.
func (k *Key) Sign(in Info) Signed {
	parent := &in.ParentID
	if parent.IsZero() {
		parent = &in.BaseID
	}
	st := k.macs.Get().(*macState)
	return k.sign(st, parent.Append(in.BaseID.appendJSON(st.dec[:0])))
}

// SignBelow is [Key.Sign] for a parent that is at hand as the text of a UUID.
func (k *Key) SignBelow(base ID, parent *[36]byte) Signed {
	st := k.macs.Get().(*macState)
	return k.sign(st, append(base.appendJSON(st.dec[:0]), parent[:]...))
}

// sign signs a payload that is complete but for jsonC, and frees st.
func (k *Key) sign(st *macState, payload []byte) Signed {
	payload = append(payload, jsonC...)
	n := base64.URLEncoding.EncodedLen(len(payload))
	base64.URLEncoding.Encode(st.raw[:n], payload)
	end := n + hex.Encode(st.raw[n:], st.mac(st.raw[:n]))
	both := string(st.raw[:end]) // one string cut in two: one allocation
	k.macs.Put(st)
	return Signed{Info: both[:n], HMAC: both[n:]}
}

// verify checks that mac is this key's signature of info and reads info into in.
func (k *Key) verify(info string, mac *signature, in *Info) error {
	st := k.macs.Get().(*macState)
	defer k.macs.Put(st)
	text := st.raw[:copy(st.raw[:], info)]
	if subtle.ConstantTimeCompare(st.mac(text), mac[:]) != 1 {
		return ErrUnknownKey
	}
	payload, err := decodeBase64(st.dec[:0], text)
	if err != nil {
		return err
	}
	return parseInfo(payload, in)
}

const redacted = "header.Key(redacted)"

// Format implements [fmt.Formatter]; no verb shows the secret.
func (*Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue implements [slog.LogValuer].
func (*Key) LogValue() slog.Value { return slog.StringValue(redacted) }

// Keyring is an ordered list of keys. It does not change once made and is safe
// for concurrent use. A nil Keyring has no keys: it refuses everything.
type Keyring struct {
	keys []*Key
}

// Option configures [ParseKeys].
type Option func(*options)

type options struct{ allowDefault bool }

// AllowDefaultKey permits SECRET_KEY, OSProfiler's public default, in the list.
// Use it in test set-ups only: everyone who knows the key can trace your
// requests.
func AllowDefaultKey() Option { return func(o *options) { o.allowDefault = true } }

// ParseKeys parses a comma-separated list in the format of OSProfiler's option
// hmac_keys: keys are trimmed and empty ones dropped. A list without any key
// yields an empty Keyring. With several keys, as during a rotation, the first
// signs new traces and all verify. The only error is [ErrDefaultKey].
func ParseKeys(list string, opts ...Option) (*Keyring, error) {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	r := &Keyring{}
	for secret := range strings.SplitSeq(list, ",") {
		secret = strings.TrimSpace(secret)
		if secret == "" {
			continue
		}
		if secret == upstreamDefault && !o.allowDefault {
			return nil, ErrDefaultKey
		}
		r.keys = append(r.keys, newKey(secret))
	}
	return r, nil
}

// Len returns the number of keys.
func (r *Keyring) Len() int {
	if r == nil {
		return 0
	}
	return len(r.keys)
}

// Primary returns the key that signs new traces: the first one, or nil if there
// is none.
func (r *Keyring) Primary() *Key {
	if r.Len() == 0 {
		return nil
	}
	return r.keys[0]
}

// Verify checks the headers of a request and returns what they say and the key
// that signed them. The error is always a [Refusal]; refusing a forged request
// allocates nothing.
func (r *Keyring) Verify(s Signed) (Info, *Key, error) {
	var in Info
	var mac signature
	if err := r.precheck(s.Info, s.HMAC, &mac); err != nil {
		return in, nil, err
	}
	for _, k := range r.keys {
		switch err := k.verify(s.Info, &mac, &in); err {
		case nil:
			return in, k, nil
		case ErrUnknownKey:
		default:
			return Info{}, nil, err
		}
	}
	return Info{}, nil, ErrUnknownKey
}

// precheck refuses what can be refused without hashing, and reads mac from its text.
func (r *Keyring) precheck(info, text string, mac *signature) error {
	switch {
	case info == "":
		return ErrNoInfo
	case len(info) > MaxLen || len(text) > MaxLen:
		return ErrTooLong
	}
	text = trimSpace(text)
	switch {
	case text == "":
		return ErrNoSignature
	case r.Len() == 0:
		return ErrNoKeys
	case !mac.read(text):
		return ErrUnknownKey
	}
	return nil
}

// trimSpace cuts what Python's str.strip cuts from a header that WSGI has
// decoded as ISO-8859-1, one character per byte.
func trimSpace(s string) string {
	space := func(c byte) bool {
		return c >= '\t' && c <= '\r' || c >= 0x1c && c <= ' ' || c == 0x85 || c == 0xa0
	}
	for s != "" && space(s[0]) {
		s = s[1:]
	}
	for s != "" && space(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}
