package header_test

import (
	"net/http"
	"testing"

	"github.com/sonde-go/sonde/header"
)

// plain is a carrier that cannot delete.
type plain map[string]string

func (p plain) Get(name string) string { return p[name] }
func (p plain) Set(name, value string) { p[name] = value }

func TestRemove(t *testing.T) {
	keys, err := header.ParseKeys("k")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]header.Carrier{"deletes": http.Header{}, "sets": plain{}} {
		c.Set("X-Other", "kept")
		keys.Primary().Sign(header.Info{BaseID: header.NewID()}).Write(c)
		header.Remove(c)
		if got := header.Read(c); got != (header.Signed{}) || c.Get("X-Other") != "kept" {
			t.Errorf("%s: left %v", name, c)
		}
	}
	header.Remove(http.Header(nil)) // as little as there is in them
	header.Remove(plain(nil))
}
