package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/record"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if url := os.Getenv(asService); url != "" {
		fmt.Fprintln(os.Stderr, serve(url))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

func openURL(t testing.TB, url string) *drivers.Store {
	t.Helper()
	d, err := drivers.Open(t.Context(), url, drivers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func appendText(t testing.TB, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func TestConformance(t *testing.T) {
	var path string
	drivertest.Run(t, drivertest.Harness{
		Driver: "file",
		Lacks:  []drivers.Op{drivers.Delete, drivers.Prune},
		New: func(t *testing.T) func() *drivers.Store {
			path = filepath.Join(t.TempDir(), "a é.jsonl")
			return func() *drivers.Store { return openURL(t, "file://"+path) }
		},
		Corrupt: func(t *testing.T, _, raw string) { appendText(t, path, raw+"\n") },
	})
}

func TestURLs(t *testing.T) {
	for url, want := range map[string]string{
		"file:///var/log/a.jsonl": "/var/log/a.jsonl",
		"file://a.jsonl":          "a.jsonl",
		"file://logs/a%20b%23":    "logs/a b#",
	} {
		if got, err := parse(strings.TrimPrefix(url, "file://")); err != nil || got != want {
			t.Errorf("%s names %q, %v, want %q", url, got, err, want)
		}
	}
	for _, url := range []string{"file://", "file", "file://a?b=c", "file://a#b", "file://%zz", "file://a%00"} {
		if _, err := drivers.Open(t.Context(), url, drivers.Options{}); err == nil {
			t.Errorf("%s was opened", url)
		}
	}
}

func collect(t *testing.T, d *drivers.Store, base string) (good, bad []string) {
	t.Helper()
	for r, err := range d.Records(t.Context(), base) {
		var be *record.BadRecordError
		switch {
		case errors.As(err, &be):
			bad = append(bad, string(be.Raw))
		case err != nil:
			t.Fatal(err)
		default:
			good = append(good, string(r.Payload))
		}
	}
	return good, bad
}

// TestTornLine writes on after a process died in the middle of a write.
func TestTornLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "torn.jsonl")
	events := drivertest.Trace(3, 0)
	base := events[0].Trace().String()
	first := string(events[0].AppendJSON(nil))
	torn := string(events[1].AppendJSON(nil))[:60+len(base)]
	appendText(t, path, first+"\r\n\n"+torn)

	d := openURL(t, "file://"+path)
	if good, bad := collect(t, d, base); len(good) != 1 || good[0] != first || len(bad) != 0 {
		t.Errorf("with a torn end: %q, %q", good, bad)
	}
	if err := d.Notify(t.Context(), events[2:]); err != nil {
		t.Fatal(err)
	}
	if good, bad := collect(t, d, base); len(good) != 2 || len(bad) != 1 || bad[0] != torn {
		t.Errorf("written on: %q, %q", good, bad)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	// A whole record without a line's end counts.
	appendText(t, path, torn+"\n"+strings.Replace(first, "http-start", "last-start", 1))
	d = openURL(t, "file://"+path)
	defer d.Close()
	if good, _ := collect(t, d, base); len(good) != 3 {
		t.Errorf("the last line without an end: %q", good)
	}
}

func TestForeignLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "foreign.jsonl")
	appendText(t, path, strings.Join([]string{
		`{"base_id": "b", "trace_id": "1", "name": "x-start", "note": "a"}`,
		`{"base_id": "\u0062/\u00e9", "trace_id": "2", "name": "x-start"}`,
		`{"base_id": "other", "trace_id": "3", "name": "x-start", "note": "b"}`,
		`not a record, nor of any trace`,
		`{"base_id": "b", "trace_id": "4", "name": "x-st`,
		`{"base_id": "b", "trace_id": "5", "name": "long-start", "note": "` + strings.Repeat("x", 200<<10) + `"}`,
	}, "\n")+"\n")
	d := openURL(t, "file://"+path)
	defer d.Close()
	if good, bad := collect(t, d, "b"); len(good) != 2 || len(bad) != 1 {
		t.Errorf("trace b: %d records, bad: %q", len(good), bad)
	}
	if good, _ := collect(t, d, "b/é"); len(good) != 1 {
		t.Errorf("an id with escapes: %q", good)
	}
}

// TestMentioner: lines are of a trace wherever they say so, and whatever the line
// before said.
func TestMentioner(t *testing.T) {
	const id = "1d4f13a4-c76e-4658-9a37-0885ca9b8600"
	mentions := mentioner(id)
	for range 2 {
		for line, want := range map[string]bool{
			`{"name":"db-start","base_id":"` + id + `"}`:              true,
			`{"name":"http-stop","base_id":"` + id + `","x":1}`:       true,
			`{"name": "db-start", "base_id": "` + id + `"}`:           true,
			`{"base_id":"` + id + `"}`:                                true,
			id:                                                        true,
			`{"name":"db-start","base_id":"2` + id[1:] + `"}`:         false,
			`{"name":"db-start","base_id":"` + id[:len(id)-1] + `0"}`: true,
			`{"name":"db-start","base_id":"` + id[:len(id)-1]:         false,
			`{"name":"`: false, `{}`: false, ``: false, `no quote at all, but long`: false,
		} {
			if mentions([]byte(line)) != want {
				t.Errorf("%q: want %t", line, want)
			}
		}
	}
}

// TestRelativePath: a path is of the folder in which the driver was opened, and
// one writer's file holds nothing but records.
func TestRelativePath(t *testing.T) {
	folder := t.TempDir()
	t.Chdir(folder)
	d := openURL(t, "file://a.jsonl")
	defer d.Close()
	var want []byte
	for range 3 {
		t.Chdir(t.TempDir())
		events := drivertest.Trace(4, 0)
		if err := d.Notify(t.Context(), events); err != nil {
			t.Fatal(err)
		}
		for i := range events {
			want = append(events[i].AppendJSON(want), '\n')
		}
	}
	got, err := os.ReadFile(filepath.Join(folder, "a.jsonl"))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("the file holds %q, %v, want %q", got, err, want)
	}
}

// TestManyWriters shares a file between drivers, as processes do.
func TestManyWriters(t *testing.T) {
	url := "file://" + filepath.Join(t.TempDir(), "many.jsonl")
	events := drivertest.Trace(2000, 0)
	var wg sync.WaitGroup
	for part := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			d := openURL(t, url)
			defer d.Close()
			for i := part * 500; i < (part+1)*500; i += 50 {
				if err := d.Notify(t.Context(), events[i:i+50]); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	wg.Wait()
	d := openURL(t, url)
	defer d.Close()
	if good, bad := collect(t, d, events[0].Trace().String()); len(good) != len(events) || len(bad) != 0 {
		t.Errorf("%d records and %d bad ones, want %d", len(good), len(bad), len(events))
	}
}

func TestRefusedWrite(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err == nil {
		d := openURL(t, "file:///dev/full")
		defer d.Close()
		if err := d.Notify(t.Context(), drivertest.Trace(2, 0)); !errors.Is(err, record.ErrNotSent) {
			t.Errorf("a full disk: %v", err)
		}
	}
	path := filepath.Join(t.TempDir(), "no", "folder.jsonl")
	d := openURL(t, "file://"+path)
	defer d.Close()
	if err := d.Notify(t.Context(), drivertest.Trace(2, 0)); !errors.Is(err, record.ErrNotSent) {
		t.Errorf("a missing folder: %v", err)
	}
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := d.Notify(t.Context(), drivertest.Trace(2, 0)); err != nil {
		t.Errorf("the folder is there now: %v", err)
	}
}

// FuzzLines holds that a file of any bytes is read to its end.
func FuzzLines(f *testing.F) {
	f.Add([]byte("{}\n\n{\"base_id\":\"b\"}\r\n{\"name\""))
	f.Add(bytes.Repeat([]byte("x"), 100<<10))
	f.Fuzz(func(t *testing.T, b []byte) {
		l := newLines(bytes.NewReader(b))
		var got []string
		for {
			line, err := l.next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, string(line))
		}
		whole, cut := string(b), ""
		if end := strings.LastIndexByte(whole, '\n'); end >= 0 {
			whole, cut = whole[:end], whole[end+1:]
		} else {
			whole, cut = "", whole
		}
		var want []string
		for line := range strings.SplitSeq(whole, "\n") {
			if line = string(bytes.TrimSpace([]byte(line))); line != "" {
				want = append(want, line)
			}
		}
		if cut = string(bytes.TrimSpace([]byte(cut))); cut != "" && isJSON([]byte(cut)) {
			want = append(want, cut)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("read %q of %q, want %q", got, b, want)
		}
	})
}

func BenchmarkNotify(b *testing.B) {
	d := openURL(b, "file://"+filepath.Join(b.TempDir(), "bench.jsonl"))
	defer d.Close()
	events := drivertest.Trace(500, 0)
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Notify(context.Background(), events); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*500/b.Elapsed().Seconds(), "rows/s")
}

func Example() {
	path := filepath.Join(os.TempDir(), "sonde-example.jsonl")
	defer os.Remove(path)
	ctx := context.Background()
	d, err := drivers.Open(ctx, "file://"+path, drivers.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer d.Close()
	events := drivertest.Trace(2, 0)
	if err := d.Notify(ctx, events); err != nil {
		fmt.Println(err)
		return
	}
	for r := range d.Records(ctx, events[0].Trace().String()) {
		fmt.Println(r.Name)
	}
	// Output:
	// http-start
	// http-stop
}
