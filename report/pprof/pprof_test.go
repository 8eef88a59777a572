package pprof_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/outputtest"
	"github.com/sonde-go/sonde/report/pprof"
	"github.com/sonde-go/sonde/report/stacks"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestOutput runs the suite without the compression, whose bytes another release of
// Go may choose in another way.
func TestOutput(t *testing.T) {
	plain := pprof.Output
	plain.Write = func(w io.Writer, r *report.Report, o report.Options) error {
		var packed bytes.Buffer
		if err := pprof.Write(&packed, r, o); err != nil {
			return err
		}
		unpacked, err := gzip.NewReader(&packed)
		if err != nil {
			return err
		}
		text, err := io.ReadAll(unpacked)
		if err != nil {
			return err
		}
		_, err = w.Write(text)
		return err
	}
	outputtest.Run(t, plain, "testdata")
}

var errFull = errors.New("full")

type room int

func (r *room) Write(b []byte) (int, error) {
	if *r -= room(len(b)); *r < 0 {
		return 0, errFull
	}
	return len(b), nil
}

// TestWriterFails: the error of the writer is returned, wherever it comes.
func TestWriterFails(t *testing.T) {
	r := carts(t, 3, false)
	var whole bytes.Buffer
	if err := pprof.Write(&whole, r, report.Options{}); err != nil {
		t.Fatal(err)
	}
	for n := 0; n < whole.Len(); n += 1 + whole.Len()/50 {
		left := room(n)
		if err := pprof.Write(&left, r, report.Options{}); !errors.Is(err, errFull) {
			t.Fatalf("with room for %d of %d bytes: %v", n, whole.Len(), err)
		}
	}
}

// carts is a trace of GET /cart with n queries for its lines, and one for its prices
// if it is planted.
func carts(t *testing.T, n int, planted bool) *report.Report {
	t.Helper()
	var out strings.Builder
	at := 0
	line := func(name, id, parent, info string) {
		fmt.Fprintf(&out, `{"name":%q,"base_id":"t","trace_id":%q,"parent_id":%q,"timestamp":"2026-01-02T03:04:05.%06d","service":"shop","info":{"host":"h"%s}}`+"\n", name, id, parent, at, info)
	}
	query := func(id, statement string, took int) {
		line("db-start", id, "root", fmt.Sprintf(`,"db":{"statement":%q},"sonde":{"kind":"client"}`, statement))
		at += took
		line("db-stop", id, "root", "")
		at += 100
	}
	line("http-start", "root", "t", `,"request":{"method":"GET","path":"/cart"}`)
	for i := range n {
		query(fmt.Sprint("q", i), fmt.Sprintf("SELECT * FROM lines WHERE cart = %d", i), 1000+i)
	}
	if planted {
		query("planted", "SELECT price FROM prices ORDER BY day", 50000)
	}
	line("http-stop", "root", "t", "")
	r, err := report.Read([]byte(out.String()))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// group writes the profile of ten traces to a file.
func group(t *testing.T, planted bool) (file string) {
	t.Helper()
	s := stacks.New()
	for i := range 10 {
		s.Add(carts(t, 3+i%3, planted), report.Options{})
	}
	var out bytes.Buffer
	if err := pprof.WriteStacks(&out, s); err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "group.pprof")
	if err := os.WriteFile(file, out.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	return file
}

// tool runs go tool pprof, without what users have configured.
func tool(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"tool", "pprof", "-symbolize=none"}, args...)...)
	cmd.Env = append(os.Environ(), "PPROF_TMPDIR="+t.TempDir(), "XDG_CONFIG_HOME="+t.TempDir())
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go tool pprof %q: %v\n%s", args, err, stderr.String())
	}
	return string(out)
}

// rows are flat, flat% and the name of a line of -top.
var rows = regexp.MustCompile(`(?m)^ *(\S+) +(\S+%) +\S+% +\S+ +\S+% +(.*)$`)

// TestTool: go tool pprof reads a group of traces, and its labels.
func TestTool(t *testing.T) {
	file := group(t, true)
	top := rows.FindAllStringSubmatch(tool(t, "-top", file), -1)
	if len(top) != 3 || top[0][1] != "500ms" || top[0][3] != "shop: db SELECT price FROM prices ORDER BY day" ||
		top[1][3] != "shop: db SELECT * FROM lines WHERE cart = ?" || top[2][3] != "shop: http GET /cart" {
		t.Errorf("%q", top)
	}
	counts := rows.FindAllStringSubmatch(tool(t, "-top", "-sample_index=count", file), -1)
	if len(counts) != 3 || counts[0][1] != "39" || counts[0][3] != "shop: db SELECT * FROM lines WHERE cart = ?" || counts[1][1] != "10" {
		t.Errorf("%q", counts)
	}
	if tags := tool(t, "-tags", file); !regexp.MustCompile(`(?s)host: .*: h\n.*kind: .*: client\n.*service: .*: shop\n`).MatchString(tags) {
		t.Error(tags)
	}
	if raw := tool(t, "-raw", file); !strings.Contains(raw, "count/count self/nanoseconds[dflt]") || !strings.Contains(raw, "10 traces") {
		t.Error(raw)
	}
}

// TestDifference: the difference of two groups names the query that one of them has.
func TestDifference(t *testing.T) {
	top := rows.FindAllStringSubmatch(tool(t, "-top", "-diff_base="+group(t, false), group(t, true)), -1)
	if len(top) == 0 || top[0][1] != "500ms" || top[0][3] != "shop: db SELECT price FROM prices ORDER BY day" {
		t.Errorf("%q", top)
	}
}

func ExampleWriteStacks() {
	s := stacks.New()
	for _, took := range []string{"120", "180"} { // each a report of a store, or of a file
		r, err := report.Read([]byte(`
{"name":"job-start","base_id":"t","trace_id":"1","parent_id":"t","timestamp":"2026-11-21T12:00:00.000000","service":"shop","info":{}}
{"name":"job-stop","base_id":"t","trace_id":"1","parent_id":"t","timestamp":"2026-11-21T12:00:00.` + took + `000","service":"shop","info":{}}`))
		if err != nil {
			fmt.Println(err)
			return
		}
		s.Add(r, report.Options{})
	}
	var profile bytes.Buffer
	if err := pprof.WriteStacks(&profile, s); err != nil {
		fmt.Println(err)
	}
	for stack, sample := range s.All() {
		fmt.Println(s.Frames()[stack[0]], sample.Count, sample.Self)
	}
	// Output: shop: job 2 300ms
}
