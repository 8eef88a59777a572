package header

import (
	"crypto/hmac"
	"crypto/sha1"
	"hash"
	"strings"
	"testing"
)

// countingHash counts the texts that are hashed.
type countingHash struct {
	hash.Hash
	n *int
}

func (h countingHash) Sum(b []byte) []byte {
	*h.n++
	return h.Hash.Sum(b)
}

// TestRefusedUnhashed: what cannot be a header of ours costs no hashing,
// however many keys there are.
func TestRefusedUnhashed(t *testing.T) {
	hashed := 0
	keys := &Keyring{}
	for _, secret := range []string{"k1", "k2"} {
		k := newKey(secret)
		k.macs.New = func() any {
			return &macState{hash: countingHash{hmac.New(sha1.New, []byte(secret)), &hashed}}
		}
		keys.keys = append(keys.keys, k)
	}
	base, _ := ParseID("b")
	signed := keys.keys[1].Sign(Info{BaseID: base})
	info, mac := signed.Info, signed.HMAC
	zeros := strings.Repeat("0", len(mac))
	for _, c := range []struct {
		name, info, mac string
		want            error
		hashes          int
	}{
		{"good", info, mac, nil, 2},
		{"good, with blanks around the signature", info, " " + mac + "\t", nil, 2},
		{"forged", info, zeros, ErrUnknownKey, 2},
		{"as long as can be", strings.Repeat("A", 1024), zeros, ErrUnknownKey, 2},
		{"longer", strings.Repeat("A", 1025), zeros, ErrTooLong, 0},
		{"a signature in blanks without end", info, strings.Repeat(" ", MaxLen) + mac, ErrTooLong, 0},
		{"39 digits", info, mac[:39], ErrUnknownKey, 0},
		{"41 digits", info, mac + "0", ErrUnknownKey, 0},
		{"not a digit first", info, "g" + mac[1:], ErrUnknownKey, 0},
		{"not a digit last", info, mac[:39] + "/", ErrUnknownKey, 0},
		{"a digit that is not ASCII", info, mac[:38] + "é", ErrUnknownKey, 0},
		{"upper case", info, strings.ToUpper(mac), ErrUnknownKey, 0},
		{"40 characters, a blank inside", info, mac[:20] + " " + mac[21:], ErrUnknownKey, 0},
	} {
		hashed = 0
		_, key, err := keys.Verify(Signed{Info: c.info, HMAC: c.mac})
		if (key != nil) != (c.want == nil) || err != c.want && !(c.want == nil && err == nil) || hashed != c.hashes {
			t.Errorf("%s: %v after %d hashes, want %v after %d", c.name, err, hashed, c.want, c.hashes)
		}
	}
}
