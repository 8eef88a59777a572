package sondehttp

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"

	"go.uber.org/goleak"

	"github.com/sonde-go/sonde/header"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sign puts the headers of a new trace into h.
func sign(t testing.TB, h http.Header, secret string) header.Info {
	t.Helper()
	keys, err := header.ParseKeys(secret)
	if err != nil {
		t.Fatal(err)
	}
	in := header.Info{BaseID: header.NewID(), ParentID: header.NewID()}
	signed := keys.Primary().Sign(in)
	info, mac := signed.Info, signed.HMAC
	h.Set(header.InfoName, info)
	h.Set(header.HMACName, mac)
	return in
}

// signed is a request for a handler that carries a trace.
func signed(t testing.TB, method, target string) *http.Request {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	sign(t, r.Header, "key")
	return r
}

// sub is the object below key in info.
func sub(t testing.TB, info map[string]any, key string) map[string]any {
	t.Helper()
	m, ok := info[key].(map[string]any)
	if !ok {
		t.Fatalf("no %q in %v", key, info)
	}
	return m
}

func equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %v\nwant %v", what, got, want)
	}
}

type m = map[string]any
