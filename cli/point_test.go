package cli

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestPoint: one point whole, by its id or the beginning of it.
func TestPoint(t *testing.T) {
	t.Setenv("OSPROFILER_CONNECTION_STRING", store(t))
	var doc struct{ Points []struct{ ID string } }
	if err := json.Unmarshal([]byte(command(t, "trace", "show", checkout, "--format", "json").out), &doc); err != nil {
		t.Fatal(err)
	}
	id := doc.Points[0].ID
	whole := command(t, "trace", "show", checkout, "--point", id)
	whole.checkFine(t, "")
	for _, want := range []string{"http POST /checkout\n", "took      90.0 ms\n", id, "info of http-start\n", `"method": "POST"`} {
		if !strings.Contains(whole.out, want) {
			t.Errorf("no %q in %s", want, whole.out)
		}
	}
	if r := command(t, "trace", "show", checkout, "--point", id[:8]); r != whole {
		t.Errorf("%+v", r)
	}
	var one struct{ Point struct{ ID string } }
	r := command(t, "trace", "show", checkout, "--point", id[:8], "--format", "json")
	r.checkFine(t, "")
	if err := json.Unmarshal([]byte(r.out), &one); err != nil || one.Point.ID != id {
		t.Errorf("%v in %s", err, r.out)
	}
	command(t, "trace", "show", checkout, "--point", "x").checkFails(t, exitFailed, `^sonde: no point of the trace has an id that begins with "x"$`)
	command(t, "trace", "show", checkout, "--point", id, "--json").checkFails(t, exitUsage, "can't be used together")
	command(t, "trace", "show", checkout, "--point", id, "--format", "pprof").checkFails(t, exitUsage, "can't be used together")
}
