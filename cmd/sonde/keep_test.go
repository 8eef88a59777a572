package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
)

func TestCopy(t *testing.T) {
	from := store(t)
	to := "file://" + filepath.Join(t.TempDir(), "copy.jsonl")
	r := command(t, "trace", "copy", "--from", from, "--to", to, checkout)
	r.checkFine(t, "")
	if r.out != "copied 1 traces, 2 records\n" {
		t.Error(r.out)
	}
	before := command(t, "trace", "show", checkout, "--connection-string", from)
	after := command(t, "trace", "show", checkout, "--connection-string", to)
	after.checkFine(t, "")
	if before.out != after.out {
		t.Errorf("%s\nbecame\n%s", before.out, after.out)
	}
	r = command(t, "trace", "copy", "--from", from, "--to", to, "--all")
	r.checkFine(t, "")
	if r.out != "copied 2 traces, 4 records\n" {
		t.Error(r.out)
	}
	if again := command(t, "trace", "show", checkout, "--connection-string", to); again.out != before.out {
		t.Errorf("a trace that was copied twice shows as\n%s", again.out)
	}
}

func TestCopyRefuses(t *testing.T) {
	from, to := store(t), "memory://copy-refuses"
	command(t, "trace", "copy", "--from", from, "--to", to).checkFails(t, exitFailed, "--all")
	command(t, "trace", "copy", "--from", from, "--to", to, "--all", checkout).checkFails(t, exitFailed, "--all")
	command(t, "trace", "copy", "--from", from, "--to", from, "--all").checkFails(t, exitFailed, "same store")
	command(t, "trace", "copy", "--from", "gopher://u:secret@h", "--to", to, "--all").checkFails(t, exitFailed, "gopher")
	command(t, "trace", "copy", "--from", from, "--all").checkFails(t, exitUsage, "--to")
	r := command(t, "trace", "copy", "--from", from, "--to", to, nowhere)
	r.checkFails(t, exitFailed, nowhere+": is not in the store")
	if r.out != "copied 0 traces, 0 records\n" {
		t.Error(r.out)
	}
}

// TestCopySkips: a record that cannot be read is said, the others are copied.
func TestCopySkips(t *testing.T) {
	path := filepath.Join(t.TempDir(), "from.jsonl")
	url := "file://" + path
	command(t, "trace", "copy", "--from", store(t), "--to", url, checkout).checkFine(t, "")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(text, "{\"base_id\": \""+checkout+"\", broken}\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	r := command(t, "trace", "copy", "--from", url, "--to", "memory://copy-skips", checkout)
	r.checkFails(t, exitFailed, "1 records could not be copied")
	if r.out != "copied 1 traces, 2 records\n" {
		t.Error(r.out)
	}
}

func TestPrune(t *testing.T) {
	url := store(t)
	command(t, "trace", "prune", "--connection-string", url).checkFails(t, exitUsage, "older-than")
	command(t, "trace", "prune", "--connection-string", url, "--older-than", "sometime").checkFails(t, exitUsage, "older-than")
	r := command(t, "trace", "prune", "--connection-string", url, "--older-than", "2026-01-02T03:30")
	r.checkFine(t, "")
	if r.out != "removed 1 traces older than 2026-01-02 03:30:00\n" {
		t.Error(r.out)
	}
	if list := command(t, "trace", "list", "--connection-string", url); strings.Contains(list.out, checkout) || !strings.Contains(list.out, refund) {
		t.Error(list.out)
	}
}

func TestCheck(t *testing.T) {
	url := store(t)
	r := command(t, "check", "--connection-string", url, "--hmac-key", "k1,k2")
	r.checkFine(t, "")
	for _, want := range []string{"ok   2 HMAC keys", "answers", "probe trace was written", "read back", "removed", "future"} {
		if !strings.Contains(r.out, want) {
			t.Errorf("does not say %q:\n%s", want, r.out)
		}
	}
	if list := command(t, "trace", "list", "--connection-string", url); strings.Contains(list.out, "sonde_check") {
		t.Errorf("the probe stays:\n%s", list.out)
	}
}

func TestCheckFindsFaults(t *testing.T) {
	future := "memory://check-future"
	d, err := drivers.Open(t.Context(), future, drivers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	id := header.NewID()
	if err := d.Notify(t.Context(), []profiler.Event{{Name: "x", Service: "cart", BaseID: id, ParentID: id, TraceID: header.NewID(), Time: time.Now().Add(time.Hour).UnixNano(), Info: []byte(`{}`)}}); err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(t.TempDir(), "shop.conf")
	if err := os.WriteFile(conf, []byte("[profiler]\nhmac_keys = SECRET_KEY\nconnection_string = gopher://u:secret@h\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args  []string
		wants []string
	}{
		{[]string{"--connection-string", future}, []string{`FAIL the newest trace, of service cart, begins (1h0m0s|59m\d+s) from now`, `note no HMAC key`}},
		{[]string{"--config", conf}, []string{`FAIL hmac_keys holds SECRET_KEY`, `FAIL .*gopher`}},
		{[]string{"--connection-string", "redis://u:secret@127.0.0.1:1", "--timeout", "2s"}, []string{`FAIL redis://u:\S+@127.0.0.1:1 does not answer`}},
	} {
		r := command(t, append([]string{"check"}, c.args...)...)
		if r.code != exitFailed || r.err != "" {
			t.Errorf("%v: exit %d, stderr %q", c.args, r.code, r.err)
		}
		for _, want := range c.wants {
			if !regexp.MustCompile(want).MatchString(r.out) {
				t.Errorf("%v does not say %q:\n%s", c.args, want, r.out)
			}
		}
		if strings.Contains(r.out, ":secret") {
			t.Errorf("shows a password:\n%s", r.out)
		}
	}
	command(t, "check", "--config", "/nothing/there").checkFails(t, exitFailed, "/nothing/there")
}
