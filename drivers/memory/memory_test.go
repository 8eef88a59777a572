package memory

import (
	"fmt"
	"testing"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func openURL(t *testing.T, url string) *drivers.Store {
	t.Helper()
	d, err := drivers.Open(t.Context(), url, drivers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestConformance(t *testing.T) {
	n := 0
	var name string
	drivertest.Run(t, drivertest.Harness{
		Driver:   "memory",
		HoldsAll: true,
		New: func(t *testing.T) func() *drivers.Store {
			n++
			name = fmt.Sprintf("conformance%d", n)
			return func() *drivers.Store { return openURL(t, "memory://"+name) }
		},
		Corrupt: func(t *testing.T, base, raw string) {
			s := named[name]
			s.traces[base] = append(s.traces[base], []byte(raw))
		},
	})
	if len(named) != 0 {
		t.Errorf("%d stores outlive their drivers", len(named))
	}
}

func TestNames(t *testing.T) {
	events := drivertest.Trace(2, 0)
	base := events[0].Trace().String()
	count := func(d *drivers.Store) (n int) {
		for _, err := range d.Records(t.Context(), base) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		return n
	}
	own, a1, a2, b := openURL(t, "memory://"), openURL(t, "memory://a"), openURL(t, "memory://a"), openURL(t, "memory://b")
	if err := a1.Notify(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	for range 2 { // a driver that is closed twice gives its store up once
		if err := a1.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if count(a2) != 2 || count(b) != 0 || count(own) != 0 || count(openURL(t, "memory")) != 0 {
		t.Error("memory://a is not one store and apart from the others")
	}
	if a3 := openURL(t, "memory://a"); count(a3) != 2 {
		t.Error("a store was gone before all its drivers were closed")
	} else if err := a3.Close(); err != nil {
		t.Fatal(err)
	}
	for _, d := range []*drivers.Store{a2, b, own} {
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
	a := openURL(t, "memory://a")
	defer a.Close()
	if count(a) != 0 {
		t.Error("memory://a outlived its drivers")
	}
	if _, err := drivers.Open(t.Context(), "memory://a/b?c", drivers.Options{}); err == nil {
		t.Error("memory://a/b?c was opened")
	}
}
