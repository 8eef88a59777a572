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
		untold, _ := results(reply, []action{{event: 4, id: "a"}, {event: 9, id: "b"}}, refused)
		for _, a := range untold {
			if refused[a.event] != nil {
				t.Errorf("%d is refused and not told", a.event)
			}
		}
		for i, err := range refused {
			if i != 4 && i != 9 || err == nil || err.Error() == "" {
				t.Errorf("refused: %d: %v", i, err)
			}
		}
	})
}
