package sqltext

import (
	"fmt"
	"testing"
)

func TestCache(t *testing.T) {
	var c Cache
	for i := range 3 * mostCached {
		statement := fmt.Sprintf("SELECT a FROM t%d WHERE id = %d", i%7, i/2)
		for range 2 {
			if got, want := c.Fingerprint([]byte(statement)), Fingerprint(statement, Standard); got != want {
				t.Fatalf("%s has the fingerprint %s, want %s", statement, got, want)
			}
		}
	}
	if len(c.known) > mostCached {
		t.Errorf("%d are remembered", len(c.known))
	}
}
