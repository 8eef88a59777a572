package main

import (
	"bytes"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/findings"
	"github.com/sonde-go/sonde/report/text"
)

// large are the troubles at sizes above every threshold of findings.
var large = size{
	repeats: 20, points: 500, seed: 1,
	brief: time.Millisecond, slow: 200 * time.Millisecond, behind: 3 * time.Second,
}

// cause is what a report must say of a trouble: the kind of the first finding,
// unless it depends on how even the others are, and words that stand in the first ten lines at 80 columns, before the first row.
type cause struct {
	kind  findings.Kind
	words []string
	took  time.Duration // at least so much is said of it; 0: any time, or none
}

var causes = map[string]cause{
	"nplus1_params":   {findings.Repeated, []string{"FROM customers", "×20", "(shop)"}, 0},
	"nplus1_literals": {findings.Repeated, []string{"FROM customers", "×20", "(shop)"}, 0},
	"nplus1_subtrees": {findings.Repeated, []string{"price_line ×20", "FROM prices", "Rate"}, 0},
	"nplus1_grpc":     {findings.Repeated, []string{"GetProduct ×20", "(frontend)"}, 0},
	"slow_chain":      {findings.Slow, []string{"FROM movements", "(stock)"}, large.slow},
	"slow_fanout":     {"", []string{"FROM reviews", "(parts)"}, large.slow},
	"failure":         {findings.Failure, []string{"FROM reservations", "(stock)", "no such table: reservations"}, 0},
	"hang":            {findings.Unfinished, []string{"Left (stock)", "running"}, 0},
	"timeout":         {findings.Failure, []string{"For (", "timed out"}, large.slow},
	"retry_storm":     {findings.Failure, []string{"Reserve ×9 (stock)", "the warehouse is closed", "Place ×3"}, 0},
	"lag":             {findings.Waiting, []string{"orders.new", "(worker)"}, large.slow},
	"panic":           {findings.Failure, []string{"discount (shop)", "index out of range [8] with length 0"}, 0},
	"pool":            {findings.Gap, []string{"load_cart", "FROM carts", "pool"}, large.slow},
	"outlives":        {findings.Outlives, []string{"send_receipt (shop)"}, large.slow},
	"one_of_many":     {findings.Failure, []string{"1 of 500", "INSERT INTO ledger", "UNIQUE constraint failed: ledger.entry"}, 0},
	"clock":           {findings.Skew, []string{"stock", "behind"}, large.behind},
}

// TestCauses: in every trouble the cause, with name and number, stands before
// the first row.
func TestCauses(t *testing.T) {
	for _, tr := range troubles {
		t.Run(tr.name, func(t *testing.T) {
			records, planted, err := tr.records(t.Context(), large)
			if err != nil {
				t.Fatal(err)
			}
			r, err := report.Build(each(records))
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			if err := text.Write(&out, r, report.Options{Width: 80}); err != nil {
				t.Fatal(err)
			}
			head, c := beforeRows(out.String()), causes[tr.name]
			list := findings.Find(r, findings.Options{}).Findings
			if len(list) == 0 || c.kind != "" && list[0].Kind != c.kind {
				t.Errorf("findings %+v, want %s first", list, c.kind)
			}
			for _, w := range c.words {
				if !strings.Contains(head, w) {
					t.Errorf("%q does not stand in\n%s\nplanted: %s", w, head, planted)
				}
			}
			if c.took != 0 && !says(head, c.took, r.Duration()) {
				t.Errorf("%v does not stand in\n%s", c.took, head)
			}
		})
	}
}

// beforeRows are the lines between what was asked and the first row of the
// waterfall, as one: of the first ten of all.
func beforeRows(text string) string {
	var head []string
	for i, line := range strings.Split(text, "\n") {
		if i == 10 || strings.HasPrefix(strings.TrimSpace(line), "point ") {
			break
		}
		if i > 0 {
			head = append(head, strings.Fields(line)...)
		}
	}
	return strings.Join(head, " ")
}

var figure = regexp.MustCompile(`(\d+(?:\.\d+)?) (ms|s)\b`)

// says reports whether a time from least to most stands in head, in the three
// digits that reports give.
func says(head string, least, most time.Duration) bool {
	for _, m := range figure.FindAllStringSubmatch(head, -1) {
		f, _ := strconv.ParseFloat(m[1], 64)
		unit := map[string]time.Duration{"ms": time.Millisecond, "s": time.Second}[m[2]]
		got := time.Duration(math.Round(f * float64(unit)))
		if got >= least-least/200 && got <= most+most/200 {
			return true
		}
	}
	return false
}
