package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/record"
)

func TestCopy(t *testing.T) {
	from := store(t)
	to := "file://" + filepath.Join(t.TempDir(), "copy.jsonl")
	r := command(t, "trace", "copy", "--from", from, "--to", to, checkout)
	r.checkFine(t, "")
	if r.out != "copied 1 trace, 2 records\n" {
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
	r.checkFails(t, exitFailed, "1 record could not be copied")
	if r.out != "copied 1 trace, 2 records\n" {
		t.Error(r.out)
	}
}

// TestCopyFilesErrors: a trace that failed is filed so in the copy, whatever
// the store says where it comes from.
func TestCopyFilesErrors(t *testing.T) {
	redis := "redis://" + servertest.Redis(t).Addr
	from := map[string]string{"a store that finds errors": "memory://copy-errors", "a store that files them": redis + "/1"}
	for name, url := range from {
		t.Run(name, func(t *testing.T) {
			d, err := drivers.Open(t.Context(), url, drivers.Options{FilterErrorTrace: true})
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			if err := d.Notify(t.Context(), events(checkout, 1, `{"host":"h"}`)); err != nil {
				t.Fatal(err)
			}
			if err := d.Notify(t.Context(), events(refund, 2, `{"etype":"ValueError","message":"no","host":"h"}`)); err != nil {
				t.Fatal(err)
			}
			to := redis + "/2"
			if name == "a store that files them" {
				to = redis + "/3"
			}
			command(t, "trace", "copy", "--from", url, "--to", to, "--all").checkFine(t, "")
			for _, store := range []string{url, to} {
				r := command(t, "trace", "list", "--error-trace", "--connection-string", store)
				if r.code != exitFine || strings.Contains(r.out, checkout) || !regexp.MustCompile(refund+` .* ✗ +step `).MatchString(r.out) {
					t.Errorf("%s: %+v", store, r)
				}
			}
		})
	}
}

// events are a trace of one point that begins so many seconds after all.
func events(base string, second int, stopInfo string) []record.Event {
	id, err := header.ParseID(base)
	if err != nil {
		panic(err)
	}
	f := record.Fields{
		Name: "step", Trace: id, Parent: id, Point: header.NewID(), Project: "shop", Service: "api", Host: "h",
		Time: time.Date(2026, 1, 2, 3, 4, second, 0, time.UTC).UnixNano(), Info: []byte(`{"host":"h"}`),
	}
	start := record.New(f)
	f.Phase, f.Time, f.Info = record.Stop, f.Time+1e6, []byte(stopInfo)
	return []record.Event{start, record.New(f)}
}

// TestCopyInTimeOrder: what Redis gives newest first is written oldest first,
// and so are the traces, all or by name.
func TestCopyInTimeOrder(t *testing.T) {
	from := "redis://" + servertest.Redis(t).Addr
	d, err := drivers.Open(t.Context(), from, drivers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	var ids []string
	for second := range 9 {
		base := header.NewID().String()
		ids = append(ids, base)
		for part := range 3 {
			if err := d.Notify(t.Context(), events(base, 3*second+part, `{"host":"h"}`)); err != nil {
				t.Fatal(err)
			}
		}
	}
	slices.Sort(ids) // no order of time
	for name, which := range map[string][]string{"all": {"--all"}, "named": append(ids, ids[0])} {
		path := filepath.Join(t.TempDir(), "copy.jsonl")
		r := command(t, append([]string{"trace", "copy", "--from", from, "--to", "file://" + path}, which...)...)
		r.checkFine(t, "")
		if r.out != "copied 9 traces, 54 records\n" {
			t.Errorf("%s: %s", name, r.out)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		times := regexp.MustCompile(`"timestamp":"([^"]+)"`).FindAllString(string(text), -1)
		if len(times) != 54 || !slices.IsSorted(times) {
			t.Errorf("%s: written in the order %v", name, times)
		}
	}
}

func TestPrune(t *testing.T) {
	url := store(t)
	command(t, "trace", "prune", "--connection-string", url).checkFails(t, exitUsage, "older-than")
	command(t, "trace", "prune", "--connection-string", url, "--older-than", "sometime").checkFails(t, exitUsage, "older-than")
	r := command(t, "trace", "prune", "--connection-string", url, "--older-than", "2026-01-02T03:30")
	r.checkFine(t, "")
	if r.out != "removed 1 trace older than 2026-01-02 03:30:00\n" {
		t.Error(r.out)
	}
	if r := command(t, "trace", "prune", "--connection-string", url, "--older-than", "2026-01-02T03:30"); !strings.HasPrefix(r.out, "removed 0 traces ") {
		t.Error(r.out)
	}
	if list := command(t, "trace", "list", "--connection-string", url); strings.Contains(list.out, checkout) || !strings.Contains(list.out, refund) {
		t.Error(list.out)
	}
}
