package report_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/document"
	"github.com/sonde-go/sonde/report/findings"
)

// numbered makes the records of a service's points, two of each, with numbers from 1 on.
func numberedLines(service string, from uint64, points int, info string) (lines []string) {
	for i := range 2 * points {
		name := "step-start"
		if i%2 == 1 {
			name = "step-stop"
		}
		lines = append(lines, fmt.Sprintf(`{"name":"%s","base_id":"b0000000-0000-4000-8000-000000000000","trace_id":"%08x-0000-4000-8000-%012d","parent_id":"b0000000-0000-4000-8000-000000000000",`+
			`"timestamp":"2026-01-02T03:04:05.%06d","info":{%s"host":"h"},"project":"shop","service":"%s","sonde":{"from":"%016x","n":%d}}`,
			name, from, i/2+1, i, info, service, from, i+1))
	}
	return lines
}

func without(lines []string, numbers ...int) []string {
	var kept []string
	for i, line := range lines {
		if !slices.Contains(numbers, i+1) {
			kept = append(kept, line)
		}
	}
	return kept
}

// TestMissing: gaps in the numbers of a service are told, a repeat is none, and what the
// service has told itself is not told again.
func TestMissing(t *testing.T) {
	cart, bank := numberedLines("cart", 7, 16, ""), numberedLines("bank", 9, 3, "")
	tells := func(lines []string, lost, numbered int) []string {
		return append(without(lines, len(lines)), strings.Replace(lines[len(lines)-1], `"info":{`, fmt.Sprintf(`"info":{"sonde":{"lost":%d,"lost_numbered":%d},`, lost, numbered), 1))
	}
	for name, tt := range map[string]struct {
		lines []string
		want  []report.Missing
		lost  int64
		text  string
	}{
		"all are there":      {slices.Concat(cart, bank), nil, 0, ""},
		"four are missing":   {slices.Concat(without(cart, 1, 7, 8, 20), bank), []report.Missing{{"cart", 32, 28, 0}}, 0, "4 records of cart are missing: it numbered 32, 28 are in the store"},
		"in another order":   {slices.Concat(bank, reversed(without(cart, 3))), []report.Missing{{"cart", 32, 31, 0}}, 0, "1 record of cart is missing: it numbered 32, 31 are in the store"},
		"doubles":            {slices.Concat(without(cart, 3), without(cart, 3), bank, bank[:2]), []report.Missing{{"cart", 32, 31, 0}}, 0, ""},
		"none but doubles":   {slices.Concat(cart, reversed(cart)), nil, 0, ""},
		"the last cannot be": {without(cart, 31, 32), nil, 0, ""},
		"told":               {tells(without(cart, 3, 4), 2, 2), nil, 2, ""},
		"told, without numbers, and others missing": {tells(without(cart, 3, 4), 5, 0), []report.Missing{{"cart", 32, 30, 0}}, 5, ""},
		"some told":        {tells(without(cart, 3, 4, 5), 2, 2), []report.Missing{{"cart", 32, 29, 2}}, 2, "1 record of cart is missing: it numbered 32, 29 are in the store, and it has told itself that 2 are lost"},
		"told of another":  {slices.Concat(without(cart, 3), tells(bank, 1, 1)), []report.Missing{{"cart", 32, 31, 0}}, 1, ""},
		"two producers":    {slices.Concat(without(cart, 3), without(numberedLines("cart", 8, 2, ""), 1)), []report.Missing{{"cart", 36, 34, 0}}, 0, ""},
		"Python's blanks":  {slices.Concat(blanks(without(cart, 3)), bank), []report.Missing{{"cart", 32, 31, 0}}, 0, ""},
		"a layout of none": {slices.Concat(other(without(cart, 3)), bank), []report.Missing{{"cart", 32, 31, 0}}, 0, ""},
		"no service":       {[]string{strings.Replace(cart[4], `"cart"`, `null`, 1)}, []report.Missing{{"", 5, 1, 0}}, 0, "4 records of a service without a name are missing: it numbered 5, 1 is in the store"},
		"the same N twice": {slices.Concat(cart[:2], []string{strings.Replace(cart[1], "step-stop", "other-stop", 1)}), nil, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := report.Read([]byte(strings.Join(tt.lines, "\n")))
			if err != nil {
				t.Fatal(err)
			}
			if got := r.Missing(); !slices.Equal(got, tt.want) || r.Lost() != tt.lost {
				t.Errorf("missing %+v, lost %d, want %+v and %d", got, r.Lost(), tt.want, tt.lost)
			}
			distinct := map[string]bool{}
			for _, line := range tt.lines {
				distinct[strings.NewReplacer(" ", "", "\t", "").Replace(line)] = true
			}
			if r.Records != len(distinct) {
				t.Errorf("%d records are counted, want %d", r.Records, len(distinct))
			}
			res := findings.Find(r, findings.Options{})
			said := slices.ContainsFunc(res.Findings, func(f findings.Finding) bool { return f.Kind == findings.Lost && f.Text == tt.text })
			if tt.text != "" && !said {
				t.Errorf("%+v\ndo not say %q", res.Findings, tt.text)
			}
			// The records are what they were, and both forms tell the same when they are read.
			for _, line := range tt.lines {
				if want := strings.Contains(line, "\t"); !want && !slices.ContainsFunc(slices.Collect(payloads(r)), func(p string) bool { return p == line }) {
					t.Errorf("%s\nis not in the report", line)
				}
			}
			var doc bytes.Buffer
			if err := document.Write(&doc, r, report.Options{}); err != nil {
				t.Fatal(err)
			}
			again, err := report.Read(doc.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			if got := again.Missing(); !slices.Equal(got, tt.want) {
				t.Errorf("read from a document: missing %+v", got)
			}
		})
	}
}

func reversed(lines []string) []string {
	lines = slices.Clone(lines)
	slices.Reverse(lines)
	return lines
}

func blanks(lines []string) (list []string) {
	for _, line := range lines {
		list = append(list, strings.NewReplacer(`":`, `": `, `,"`, `, "`).Replace(line))
	}
	return list
}

func other(lines []string) (list []string) {
	for _, line := range lines {
		list = append(list, strings.Replace(line, `"name":`, "\"name\":\t", 1))
	}
	return list
}

func payloads(r *report.Report) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for p := range r.All() {
			for _, payload := range r.StoredRecords(p) {
				if !yield(string(payload)) {
					return
				}
			}
		}
	}
}
