package sondegrpc

import (
	"testing"

	"google.golang.org/grpc/codes"
)

// FuzzMethods: what is recorded about a method is the same whether it is new or known.
func FuzzMethods(f *testing.F) {
	f.Add("/shop.Stock/Get", "/shop.Stock/Put")
	f.Add("", "/")
	f.Add("\xff\"", "no service")
	f.Fuzz(func(t *testing.T, one, two string) {
		var m methods
		for range 3 {
			for _, method := range []string{one, two} {
				if got, want := m.of(method), encodeMethod(method); got != want {
					t.Fatalf("%q: %+v, want %+v", method, got, want)
				}
			}
		}
	})
}

func TestEveryCode(t *testing.T) {
	for code := range codes.Code(20) {
		if got, want := encodedCode(code), encodeCode(code); got != want {
			t.Errorf("%v: %+v, want %+v", code, got, want)
		}
	}
}
