package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/record"
)

// TestCheckRetention warns of stores that grow for ever.
func TestCheckRetention(t *testing.T) {
	dir := t.TempDir()
	for url, want := range map[string]string{
		"sqlite:///" + dir + "/a.db":               "ok   traces are kept for 30 days\n",
		"sqlite:///" + dir + "/b.db?retention=36h": "ok   traces are kept for 36h0m0s\n",
		"sqlite:///" + dir + "/c.db?retention=0":   "WARN traces are kept for ever and the store grows: add retention=30d",
		"file:///" + dir + "/d.jsonl":              "WARN traces are kept for ever and the store grows: nothing is deleted from a file",
	} {
		r := command(t, "check", "--connection-string", url, "--hmac-key", "a-key-that-nobody-guesses")
		if r.code != exitFine || !strings.Contains(r.out, want) {
			t.Errorf("%s: %+v", url, r)
		}
	}
	if r := command(t, "check", "--connection-string", "memory://", "--hmac-key", "a-key-that-nobody-guesses"); strings.Contains(r.out, "for ever") {
		t.Errorf("a warning of the memory of a process: %+v", r)
	}
}

// TestCommandForgetsNothing: a trace that is older than the default retention can be
// copied to a SQLite file, and the command removes none by looking.
func TestCommandForgetsNothing(t *testing.T) {
	file := t.TempDir() + "/old.db"
	from, to := "file:///"+t.TempDir()+"/old.jsonl", "sqlite:///"+file
	old := probeTrace()
	d, err := drivers.Open(t.Context(), from, drivers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range old {
		old[i] = record.New(record.Fields{
			Name: "job", Phase: record.Phase(i), Trace: old[i].Trace(), Parent: old[i].Trace(), Point: old[i].Point(),
			Time: time.Now().AddDate(-1, 0, 0).UnixNano(), Service: "s", Project: "p", Host: "h", Info: []byte("{}"),
		})
	}
	if err := d.Notify(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	id := old[0].Trace().String()
	if r := command(t, "trace", "copy", "--all", "--from", from, "--to", to); r.code != exitFine {
		t.Fatalf("%+v", r)
	}
	if r := command(t, "check", "--connection-string", to, "--hmac-key", "a-key-that-nobody-guesses"); r.code != exitFine {
		t.Fatalf("%+v", r)
	}
	if r := command(t, "trace", "show", id, "--connection-string", to); r.code != exitFine {
		t.Errorf("%+v", r)
	}
}
