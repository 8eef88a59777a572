package elasticsearch

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/record"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func openURL(t testing.TB, url string, o drivers.Options) *drivers.Store {
	t.Helper()
	d, err := drivers.Open(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// inside is the driver of a store.
func inside(s *drivers.Store) *store { return s.Driver().(*store) }

// TestConformance runs against a stand-in of ours: with types, without, and
// with an index that Elasticsearch made by itself.
func TestConformance(t *testing.T) {
	for _, version := range []string{"6.8.23", "8.15.0", "7.17.9, made by itself"} {
		t.Run(version, func(t *testing.T) {
			var f *fake
			drivertest.Run(t, drivertest.Harness{
				Driver: "elasticsearch",
				Server: "a stand-in for Elasticsearch " + version,
				TLS:    true,
				New: func(t *testing.T) func() *drivers.Store {
					f = newFake(t, version)
					if number, ok := strings.CutSuffix(version, ", made by itself"); ok {
						f.version = number
						f.indexes[recordIndex] = &fakeIndex{kind: "notification", text: true, docs: map[string]*fakeDoc{}}
					}
					return func() *drivers.Store {
						return openURL(t, f.url(), drivers.Options{FilterErrorTrace: true, Params: map[string]string{"scroll_size": "700"}})
					}
				},
				Double: func(t *testing.T, e *record.Event) {
					f.mu.Lock()
					defer f.mu.Unlock()
					id := fmt.Sprintf("given by the server %d", len(f.indexes[recordIndex].docs))
					kind := f.indexes[recordIndex].kind
					if f.major > 6 {
						kind = ""
					}
					f.apply(&fakeMeta{Index: recordIndex, Type: kind, ID: id}, e.AppendJSON(nil))
				},
				Corrupt: func(t *testing.T, base, raw string) {
					f.mu.Lock()
					defer f.mu.Unlock()
					kind := ""
					if f.major <= 6 {
						kind = f.indexes[recordIndex].kind
					}
					f.apply(&fakeMeta{Index: recordIndex, Type: kind, ID: "corrupt"}, []byte(`{"base_id":"`+base+`","timestamp":"9"}`))
				},
			})
		})
	}
}
