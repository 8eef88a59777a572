package elasticsearch

import "testing"

// FuzzReplies: whatever a server answers, each action is either done, refused
// or not known to be done.
func FuzzReplies(f *testing.F) {
	for _, s := range []string{
		`{"errors":true,"items":[{"index":{"status":400,"error":{"type":"t","reason":"r"}}},{"index":{"status":429,"error":"x"}}]}`,
		`{"errors":false,"items":[{},{}]}`, `{"version":{"number":"7.1","distribution":"opensearch"}}`, `{"error":null}`, `<html>`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, reply []byte) {
		version(reply)
		_, _ = reason(reply)
		refused := map[int]error{}
		_ = results(reply, []action{{event: 4}, {event: 9}}, refused)
		for i, err := range refused {
			if i != 4 && i != 9 || err == nil || err.Error() == "" {
				t.Errorf("refused: %d: %v", i, err)
			}
		}
	})
}
