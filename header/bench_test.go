package header_test

import (
	"testing"

	"github.com/sonde-go/sonde/header"
)

func benchKeys(b *testing.B) (*header.Keyring, string, string) {
	keys, err := header.ParseKeys("a key for benchmarks")
	if err != nil {
		b.Fatal(err)
	}
	signed := keys.Primary().Sign(header.Info{BaseID: header.NewID(), ParentID: header.NewID()})
	info, mac := signed.Info, signed.HMAC
	return keys, info, mac
}

func BenchmarkVerify(b *testing.B) {
	keys, info, mac := benchKeys(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := keys.Verify(header.Signed{Info: info, HMAC: mac}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyForged(b *testing.B) {
	keys, info, mac := benchKeys(b)
	forged := "0" + mac[1:]
	if mac[0] == '0' {
		forged = "1" + mac[1:]
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := keys.Verify(header.Signed{Info: info, HMAC: forged}); err != header.ErrUnknownKey {
			b.Fatal(err)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	keys, _, _ := benchKeys(b)
	in := header.Info{BaseID: header.NewID(), ParentID: header.NewID()}
	b.ReportAllocs()
	for b.Loop() {
		keys.Primary().Sign(in)
	}
}
