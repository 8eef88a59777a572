package mcp

import (
	"bytes"
	"slices"
	"testing"
)

// TestDoubles: records that the store has more than once change no answer.
func TestDoubles(t *testing.T) {
	shop := recorded(t, "shop")
	shop = slices.Concat(shop, bytes.ReplaceAll(shop, []byte("4f1c0f3e"), []byte("3a1c0f3e")))
	once, twice := session(t, fileStore(t, shop)), session(t, fileStore(t, slices.Concat(shop, shop)))
	for name, a := range map[string]args{
		"trace_list":     {"failed": true},
		"trace_findings": {"trace": "4f1c"},
		"trace_point":    {"trace": shopTrace, "point": "00000004"},
		"trace_diff":     {"before": "3a1c", "after": "4f1c"},
		"trace_stats":    {},
	} {
		text, failed := call(t, once, name, a)
		again, failedAgain := call(t, twice, name, a)
		if failed || failedAgain {
			t.Fatalf("%s: %s, %s", name, text, again)
		}
		want, _ := unmarked(t, text)
		if got, _ := unmarked(t, again); got != want {
			t.Errorf("%s: %.2000s\nwant %.2000s", name, got, want)
		}
	}
}
