package text_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/report"
)

// TestTextHidesNothingForMoreLines: what is left out never takes as many lines
// as it would take to show it.
func TestTextHidesNothingForMoreLines(t *testing.T) {
	wide := func(n int) []string {
		var tr trace
		root := tr.point("root", "base", "s", 0, 500, plain, plain)
		for i := range n {
			tr.point(fmt.Sprint("f", i), root, "s", i, 2*i+1, plain, plain)
		}
		return tr.records
	}
	cycles := func(n int) []string {
		tr := trace{wide(1)}
		for i := range n {
			tr.point("own", fmt.Sprint("id", len(tr.records)), "s", i, 2*i+1, plain, plain)
		}
		return tr.records
	}
	random := rand.New(rand.NewPCG(3, 4))
	traces := map[string][]string{"checkout": checkoutTrace(), "wide": wide(30), "roots": bare(9), "deep": deepTrace(20), "cycles": cycles(9)}
	for i := range 10 {
		traces[fmt.Sprint("random", i)] = grown(random, 40)
	}
	for name, records := range traces {
		r := build(t, records)
		all := strings.Count(write(t, r, report.Options{Width: 90}), "\n")
		for rows := 1; rows < 45; rows++ {
			text := write(t, r, report.Options{Width: 90, MaxRows: rows})
			hides := strings.Contains(text, " more, ") || strings.Contains(text, "left out: ")
			if n := strings.Count(text, "\n"); n > all || n == all && hides {
				t.Errorf("%s: %d lines with %d rows, %d with all:\n%s", name, n, rows, all, text)
			}
			if strings.Contains(text, "… 1 more") {
				t.Errorf("%s: a line hides one in\n%s", name, text)
			}
		}
	}
}

// TestTextHidesThree is the smallest number of rows that is worth two lines.
func TestTextHidesThree(t *testing.T) {
	r := build(t, bare(9))
	for rows, want := range map[int]int{9: 0, 8: 0, 7: 0, 6: 3, 5: 4} {
		text := write(t, r, report.Options{MaxRows: rows})
		remark := fmt.Sprintf("\n… %d more, %s\nleft out: %d points\n", want, map[int]string{3: "6.00 ms", 4: "10.0 ms"}[want], want)
		if want == 0 && strings.Contains(text, "…") || want > 0 && !strings.Contains(text, remark) {
			t.Errorf("%d rows of 9:\n%s", rows, text)
		}
	}
}

// bare are n points without a parent.
func bare(n int) []string {
	var tr trace
	for i := range n {
		tr.point(fmt.Sprint("f", i), "base", "s", i, 2*i+1, plain, plain)
	}
	return tr.records
}

// grown is a tree of n points, some of which are alike or failed.
func grown(random *rand.Rand, n int) []string {
	var tr trace
	ids := []string{"base"}
	for i := range n {
		stop := plain
		if random.IntN(12) == 0 {
			stop = `{"etype":"E"}`
		}
		ids = append(ids, tr.point(fmt.Sprint("f", random.IntN(3)), ids[random.IntN(len(ids))], "s", i, i+1+random.IntN(50), plain, stop))
	}
	return tr.records
}
