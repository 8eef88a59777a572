package header

import (
	"crypto/hmac"
	"crypto/sha256"
)

// Seal returns a signature of a message of another kind than the headers, such as one
// that changes how a service samples. purpose names the kind: what is signed for one is
// not valid for another, nor as a header. It is HMAC-SHA256 with a key that is derived
// from k by HMAC-SHA256 of purpose.
func (k *Key) Seal(purpose string, message []byte) []byte {
	mac := hmac.New(sha256.New, k.derive(purpose))
	mac.Write(message)
	return mac.Sum(nil)
}

// Sealed reports whether seal is what [Key.Seal] of one of the keys returns for message.
func (r *Keyring) Sealed(purpose string, message, seal []byte) bool {
	if r == nil {
		return false
	}
	for _, k := range r.keys {
		if hmac.Equal(k.Seal(purpose, message), seal) {
			return true
		}
	}
	return false
}
