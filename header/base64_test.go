package header

import (
	"bytes"
	"encoding/base64"
	"testing"
)

// FuzzBase64 holds the quick decoder against the lenient one and the standard
// library's: where each accepts a text, all say the same.
func FuzzBase64(f *testing.F) {
	for _, text := range []string{
		"", "QQ==", "QUI=", "QUJD", "QUJDREVGR0g=", "QQ=", "Q===", "====", "=QQQ", "Q=QQ", "QQ=Q", "QQ==QQ==", "Q\nQ==",
		"-_+/", "QQ\x80=", "QU*D", "Q", "QUJDR", "QUJDRB==", "QUJD====",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > MaxLen {
			return
		}
		var room [MaxLen]byte
		got, err := decodeBase64(room[:0], text)
		lenient, lenientErr := decodeLenient(nil, text)
		if err != lenientErr || !bytes.Equal(got, lenient) {
			t.Errorf("%q: %q, %v; leniently %q, %v", text, got, err, lenient, lenientErr)
		}
		standard := make([]byte, base64.URLEncoding.DecodedLen(len(text)))
		if n, stdErr := base64.URLEncoding.Decode(standard, text); stdErr == nil && (err != nil || !bytes.Equal(got, standard[:n])) {
			t.Errorf("%q: %q, %v; the standard library says %q", text, got, err, standard[:n])
		}
	})
}
