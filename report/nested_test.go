package report_test

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/report"
)

// counter counts what is written to it.
type counter struct{ writes, bytes, longest int }

func (c *counter) Write(b []byte) (int, error) {
	c.writes++
	c.bytes += len(b)
	c.longest = max(c.longest, len(b))
	return len(b), nil
}

// allocated is how many bytes do allocates.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// nestedInfo is an info that nests so deep, with so many bytes of values at the
// bottom.
func nestedInfo(depth, size int) string {
	return strings.Repeat(`{"a":`, depth) + "[" + strings.Repeat("1,", size/2) + "1]" + strings.Repeat("}", depth)
}

// TestNestedRecord prints records of 514 KiB that nest 900 deep, in several
// ways to be hostile.
func TestNestedRecord(t *testing.T) {
	const depth, size = 900, 514 << 10
	each := size / depth
	for name, info := range map[string]string{
		"all at the bottom": nestedInfo(depth, size),
		"at each level":     strings.Repeat(`{"b":[`+strings.Repeat("1,", each/2)+`1],"a":`, depth) + "{}" + strings.Repeat("}", depth),
		"behind each level": strings.Repeat(`{"a":`, depth) + "{}" + strings.Repeat(`,"b":[`+strings.Repeat("1,", each/2)+`1]}`, depth),
		"repeated keys":     strings.Repeat(`{"a":[`+strings.Repeat("1,", each/2)+`1],"a":`, depth) + "{}" + strings.Repeat("}", depth),
		"objects":           strings.Repeat(`{"a":`, depth) + "[" + strings.Repeat(`{"":0},`, size/7) + "0]" + strings.Repeat("}", depth),
		"one string":        strings.Repeat(`{"a":`, depth) + `"` + strings.Repeat(`\/ü`, size/4) + `"` + strings.Repeat("}", depth),
	} {
		t.Run(name, func(t *testing.T) {
			r := build(t, ofPayloads([]string{stored("a-start", "1", "base", at(0), info), stored("a-stop", "1", "base", at(1), plain)}))
			var out counter
			memory := allocated(func() {
				if err := r.WriteOSProfiler(&out); err != nil {
					t.Fatal(err)
				}
			})
			t.Logf("%d bytes of JSON from %d, %d allocated", out.bytes, len(info), memory)
			if memory > 16<<20 {
				t.Errorf("%d bytes of memory for a record of %d", memory, len(info))
			}
			if out.bytes > 300*len(info) {
				t.Errorf("%d bytes of JSON for a record of %d", out.bytes, len(info))
			}
			if out.longest > 1<<18 {
				t.Errorf("%d bytes were written at once", out.longest)
			}
			if text := toText(t, r, report.Options{}); len(text) > 1<<16 {
				t.Errorf("%d bytes of text", len(text))
			}
		})
	}
}

// nestedReport is a report in JSON of points that are so deep below one
// another, the last of them with so many bytes of values.
func nestedReport(depth, size int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"info": {"name": "total", "started": 0, "finished": 0}, "children": [`)
	for i := range depth {
		info := plain
		if i == depth-1 {
			info = `{"values": [` + strings.Repeat("1,", size/2) + `1]}`
		}
		id, parent := fmt.Sprint("p", i+1), fmt.Sprint("p", i)
		fmt.Fprintf(&b, `{"trace_id": %q, "parent_id": %q, "info": {"name": "f", "meta.raw_payload.f-start": %s}, "children": [`,
			id, parent, stored("f-start", id, parent, at(i), info))
	}
	b.WriteString(strings.Repeat("]}", depth+1))
	return b.Bytes()
}

// TestReadNestedReport reads and prints a file of 1 MiB.
func TestReadNestedReport(t *testing.T) {
	const depth = 490
	data := nestedReport(depth, 1<<20)
	var r *report.Report
	memory := allocated(func() {
		var err error
		if r, err = report.Read(data); err != nil {
			t.Fatal(err)
		}
	})
	if r.Len() != depth || r.At(depth-1).Depth != depth-1 {
		t.Errorf("%d points", r.Len())
	}
	if memory > 8<<20 {
		t.Errorf("%d bytes of memory to read", memory)
	}
	memory = allocated(func() {
		if err := r.WriteOSProfiler(io.Discard); err != nil {
			t.Fatal(err)
		}
	})
	if memory > 8<<20 {
		t.Errorf("%d bytes of memory to print", memory)
	}
}

// TestDeepReportIsWrittenAsItWasRead, as deep as OSProfiler goes.
func TestDeepReportIsWrittenAsItWasRead(t *testing.T) {
	const depth = 490
	want := toJSON(t, build(t, ofPayloads(deepTrace(depth))))
	r, err := report.Read([]byte(want))
	if err != nil {
		t.Fatal(err)
	}
	checkText(t, toJSON(t, r), want)
	if r.Len() != depth || strings.Contains(want, "\n\"host\": ") {
		t.Errorf("%d points, or lines that are not indented", r.Len())
	}
}

// TestDeeperLinesAreNotIndented: beyond that the indentation would be most of
// the report.
func TestDeeperLinesAreNotIndented(t *testing.T) {
	text := toJSON(t, build(t, ofPayloads(deepTrace(600))))
	if !strings.Contains(text, "\n"+strings.Repeat(" ", 2000)+"{") || strings.Contains(text, strings.Repeat(" ", 2001)) || !strings.Contains(text, "\n\"host\": ") {
		t.Error("lines are not indented up to 2000 columns, and no more beyond")
	}
}

// TestReadReportInAnyOrder: of repeated keys the last counts, children may come
// first, and what is not a point is skipped.
func TestReadReportInAnyOrder(t *testing.T) {
	point := func(id, parent, children string) string {
		return fmt.Sprintf(`{"children": [{}], "children": %s, "info": 1, "\u0069nfo": {"name": "f", "started": 0, "finished": 3, "meta.raw_payload.f-start": {"info": {}}}, "trace_id": "x", "trace_id": %q, "parent_id": %q}`,
			children, id, parent)
	}
	r, err := report.Read([]byte(`{"children": [` + point("0", "base", "[]") + `], "children" : [7, null, {}, {"children": 1}, ["x"] , ` +
		point("1", "base", "[ "+point("2", "1", `[{"children":[`+point("3", "2", `[], "children": {"a": []}`)+`]}]`)+" ]") + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for p := range r.Walk() {
		ids = append(ids, p.ID())
	}
	if got := strings.Join(ids, ""); got != "123" {
		t.Errorf("points %s", got)
	}
}

// TestDetailOfRepeatedKeys has 40,000 requests in a start record, each of which
// would look for its status in a long stop record.
func TestDetailOfRepeatedKeys(t *testing.T) {
	const n, watch = 40000, 5 * time.Minute // it takes less than a second, or hours on a busy machine
	alarm := time.AfterFunc(watch, func() { panic("a detail takes quadratic time") })
	defer alarm.Stop()
	var start, stop strings.Builder
	for range n {
		start.WriteString(`"request":{},"requests":0,"grpc":{},`)
		stop.WriteString(`"other":[[0,1],2,3,{"a":""}],`)
	}
	r := build(t, ofPayloads([]string{
		stored("a-start", "1", "base", at(0), "{"+start.String()+`"host":"h"}`),
		stored("a-stop", "1", "base", at(1), "{"+stop.String()+`"host":"h"}`)}))
	if got := r.Detail(r.At(0)); got != "" {
		t.Errorf("%q", got)
	}
	r = build(t, ofPayloads([]string{
		stored("a-start", "1", "base", at(0), `{"request": {}, "request": {"method": "GET", "path": "/"}}`),
		stored("a-stop", "1", "base", at(1), `{"response": {"status_code": 200}}`)}))
	if got := r.Detail(r.At(0)); got != "GET / 200" {
		t.Errorf("%q", got)
	}
}
