package report

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/sonde-go/sonde/internal/jsontext"
)

func TestMentioned(t *testing.T) {
	for info, want := range map[string]bool{
		`{}`:           false,
		`{"host":"a"}`: false,
		`{"sonde":{"kind":"internal"},"host":"a"}`:                                    false,
		`{"sonde":{"kind":"internal","off":["x"]},"host":"a"}`:                        true,
		`{"sonde": {"off": []}}`:                                                      true,
		`{"a":{"sonde":{"kind":"client"}},"sonde":{"off":[]}}`:                        true,
		`{"a":{"sonde":{"kind":"client"}},"b":"\"sonde\":{\"kind\":\"x\"}"}`:          false,
		`{"sonde":{"kind":"client"},"sonde":{"off":1}}`:                               true,
		`{"\u0073onde":{"off":1}}`:                                                    true,
		`{"sonde":{"kind":"a","\u006fff":1}}`:                                         true,
		`{"sonde":"off"}`:                                                             false,
		`{"off":1,"db":{"statement":"SELECT \n\"sonde\""},"sonde":{"kind":"client"}}`: false,
	} {
		var m mentioned
		if m.note([]byte(info)); m.has("off") != want {
			t.Errorf("%s: %v, want %v", info, !want, want)
		}
	}
	var m mentioned
	for i := range mostMentioned + 1 {
		if m.has("off") {
			t.Fatalf("off is mentioned after %d names", i)
		}
		m.note(fmt.Appendf(nil, `{"sonde":{"n%d":1}}`, i))
	}
	if !m.has("off") || len(m.names) > mostMentioned+1 {
		t.Errorf("%d names are kept", len(m.names))
	}
}

// FuzzMentioned: whatever an info says is mentioned, but for a kind.
func FuzzMentioned(f *testing.F) {
	f.Add(`{"sonde":{"kind":"internal","off":["x"]},"host":"a"}`)
	f.Add(`{"a":{"sonde":{"kind":"client"}},"\u0073onde":{"\u006fff":[]}}`)
	f.Fuzz(func(t *testing.T, info string) {
		if !json.Valid([]byte(info)) {
			return
		}
		var m mentioned
		m.note([]byte(info))
		jsontext.UniqueMembers(jsontext.Get([]byte(info), "sonde"), func(key, _ []byte) {
			if name := plainText(key); name != "kind" && !m.has(name) {
				t.Errorf("%q of %s is not mentioned", name, info)
			}
		})
	})
}
