package header_test

import (
	"encoding/hex"
	"testing"

	"github.com/sonde-go/sonde/header"
)

func TestSeal(t *testing.T) {
	ring := func(list string) *header.Keyring {
		keys, err := header.ParseKeys(list)
		if err != nil {
			t.Fatal(err)
		}
		return keys
	}
	message := []byte("a message")
	seal := ring("old").Primary().Seal("control", message)
	// python3 -c 'import hmac; d = lambda k, m: hmac.new(k, m, "sha256").digest(); print(d(d(b"old", b"control"), b"a message").hex())'
	if got := hex.EncodeToString(seal); got != "770d84218e8ed9c2f5f231e208588ae8270fdea031854efbf643b58d457f4c2d" {
		t.Errorf("the seal is %s", got)
	}
	for name, c := range map[string]struct {
		keys          *header.Keyring
		purpose, text string
		want          bool
	}{
		"the key":         {ring("old"), "control", "a message", true},
		"a rotated key":   {ring("new, old"), "control", "a message", true},
		"another key":     {ring("new"), "control", "a message", false},
		"another purpose": {ring("old"), "other", "a message", false},
		"another text":    {ring("old"), "control", "a massage", false},
		"no keys":         {ring(""), "control", "a message", false},
		"a nil ring":      {nil, "control", "a message", false},
	} {
		if got := c.keys.Sealed(c.purpose, []byte(c.text), seal); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if ring("old").Sealed("control", message, seal[:31]) || ring("old").Sealed("control", message, nil) {
		t.Error("a seal that is cut off is valid")
	}
}
