package statcsv_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/outputtest"
	"github.com/sonde-go/sonde/report/profile"
	"github.com/sonde-go/sonde/report/statcsv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOutput(t *testing.T) { outputtest.Run(t, statcsv.Output, "testdata") }

// TestHostile: whatever a text is, it is one cell of its line, and no formula.
func TestHostile(t *testing.T) {
	for text, want := range map[string]string{
		"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "＝1": "'＝1", "\t=1": "'=1", "\r\n=1": "'=1", "\x00=1": "\ufffd=1",
		"a,b": "a,b", `a"b`: `a"b`, "a\nb": "a b", "": "", " =1": "'=1", `"=1"`: `"=1"`, "a=1": "a=1", "'=1": "'=1",
	} {
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		r, err := report.Read(fmt.Appendf(nil, `{"name":"job-start","base_id":"t","trace_id":"1","parent_id":"t","timestamp":"2026-11-21T12:00:00.000000","service":%s,"info":{"method":%s}}`, quoted, quoted))
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		if err := statcsv.Write(&out, r, report.Options{}); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
		if err != nil || len(rows) != 2 || strings.Count(out.String(), "\n") != 2 {
			t.Fatalf("%q: %v in %q", text, err, out.String())
		}
		if rows[1][3] != want || rows[1][6] != want {
			t.Errorf("%q: service %q, what %q, want %q", text, rows[1][3], rows[1][6], want)
		}
	}
}

func ExampleWriteProfile() {
	p := profile.New()
	for _, took := range []string{"120", "180"} {
		r, err := report.Read([]byte(`
{"name":"job-start","base_id":"t","trace_id":"1","parent_id":"t","timestamp":"2026-11-21T12:00:00.000000","service":"shop","info":{}}
{"name":"job-stop","base_id":"t","trace_id":"1","parent_id":"t","timestamp":"2026-11-21T12:00:00.` + took + `000","service":"shop","info":{}}`))
		if err != nil {
			fmt.Println(err)
			return
		}
		p.Add(r)
	}
	if err := statcsv.WriteProfile(os.Stdout, p); err != nil {
		fmt.Println(err)
	}
	// Output:
	// row,below_row,depth,service,name,kind,what,traces,points,total_us,self_us,critical_us,p50_us,p95_us,max_us
	// 1,,1,shop,job,,,2,2,300000,300000,300000,120064,179712,180000
}
