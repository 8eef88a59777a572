package text

import (
	"slices"
	"testing"
)

func TestShort(t *testing.T) {
	for name, tt := range map[string]struct {
		details []string // all of the trace, the first of which is looked at
		want    string
	}{
		"a method":                {[]string{"/shop.v1.Cart/Add OK"}, "Add"},
		"a code":                  {[]string{"/shop.v1.Cart/Add NotFound"}, "Add NotFound"},
		"outcome":                 {[]string{"/shop.v1.Cart/Add Canceled (cancelled)"}, "Add Canceled (cancelled)"},
		"a method of two":         {[]string{"/shop.v1.Cart/Add", "/shop.v1.List/Add"}, "Cart/Add"},
		"of one name":             {[]string{"/shop.v1.Cart/Add", "/bank.v1.Cart/Add"}, "shop.v1.Cart/Add"},
		"one host":                {[]string{"GET shop:80/cart 200", "GET /cart 200"}, "GET shop:80/cart 200"},
		"a domain":                {[]string{"GET cart.shop.svc:80/a", "GET bank.shop.svc:80/b"}, "GET cart/a"},
		"a part of a domain":      {[]string{"GET cart.shop.svc:80/a", "GET bank.eu.svc:80/b"}, "GET cart.shop/a"},
		"a port":                  {[]string{"GET cart:80/a", "GET bank:80/b"}, "GET cart/a"},
		"other ports":             {[]string{"GET cart:80/a", "GET bank:81/b"}, "GET cart:80/a"},
		"a path":                  {[]string{"GET /api/v1/cart 200", "POST /api/v1/pay 200"}, "GET …/cart 200"},
		"a part of a path":        {[]string{"GET /api/v1/cart", "POST /api/v2/pay"}, "GET …/v1/cart"},
		"nothing shared":          {[]string{"GET /cart", "POST /pay"}, "GET /cart"},
		"one path":                {[]string{"GET /api/v1/cart"}, "GET /api/v1/cart"},
		"not a call":              {[]string{"DELETE FROM items"}, "DELETE FROM items"},
		"a path, no method":       {[]string{"/cart"}, "/cart"},
		"hostile":                 {[]string{"/a.B/C\x1b[2J \u202e"}, "C�[2J �"},
		"a method without a path": {[]string{"GET /"}, "GET /"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLabels()
			for _, d := range slices.Concat(tt.details, tt.details) {
				l.add(d)
			}
			if got := l.short(tt.details[0]); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestWithoutColumns(t *testing.T) {
	for in, want := range map[string]string{
		"SELECT a, b FROM t WHERE c = ?": "SELECT … FROM t WHERE c = ?",
		"select ſ中 from t":               "select … from t",
		"SELECT 1":                       "SELECT 1",
		"UPDATE t SET a = 1":             "UPDATE t SET a = 1",
		"SELECT  FROM ":                  "SELECT … FROM ",
		"":                               "",
	} {
		if got := withoutColumns(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestWithoutIDs(t *testing.T) {
	for in, want := range map[string]string{
		"GET /cart/17 200":      "GET /cart/* 200",
		"GET /v1/cart 200":      "GET /v1/cart 200",
		"GET /a/OLJCESPC7Z":     "GET /a/*",
		"GET /a/4f1c0f3e-3c1a":  "GET /a/*",
		"orders.17.new":         "orders.*.new",
		"POST http2.shop:80/a":  "POST http2.shop:80/a",
		"checkout":              "checkout",
		"/shop.v1.Cart/Get2 OK": "/shop.v1.Cart/Get2 OK",
		"":                      "",
	} {
		if got := withoutIDs(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	if got, want := withoutNumbers("row 17 of 20 is locked by 4f1c0f3e"), "row * of * is locked by *"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// FuzzLabels: a label is clean whatever a detail is.
func FuzzLabels(f *testing.F) {
	f.Add("/shop.v1.Cart/Add OK", "GET cart.shop:80/a/17 200")
	f.Add("SELECT é FROM \xff", "POST /")
	f.Add("GET a.:/", "GET b./x")
	f.Fuzz(func(t *testing.T, a, b string) {
		l := newLabels()
		l.add(a)
		l.add(b)
		for _, d := range []string{a, b, withoutIDs(a), withoutNumbers(b)} {
			s := screen{width: 60}
			s.line(flex(plain, withoutColumns(l.short(d))))
			for _, c := range s.out.String() {
				if c == '\x1b' || c == '\r' || c == '\u202e' {
					t.Fatalf("%q gives %q", d, s.out.String())
				}
			}
		}
	})
}
