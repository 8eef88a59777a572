package diff_test

import (
	"os"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/report/diff"
)

// TestConditionErrors: what is no condition is refused in one line.
func TestConditionErrors(t *testing.T) {
	for text, says := range map[string]string{
		"":                  "it begins with total",
		"speed>1":           "it begins with total",
		"total":             "is followed by >",
		"total=5ms":         "is followed by >",
		"total>":            `"" is not a number`,
		"total>x":           "is not a number",
		"total>5":           "a time has a unit",
		"total>5h":          "is not a unit of time",
		"total>20%":         "a percentage has a sign",
		"total>+-5ms":       "is not a number",
		"total>1e400s":      "unit",
		"count>5ms":         "a count has no unit",
		"count>5 x":         "a count has no unit",
		"count()>5":         "the parentheses are empty",
		"count(db>5":        "in the parentheses is a word",
		"count(a b)>5":      "in the parentheses is a word",
		`count("a>5`:        "a quote is not closed",
		`count("")>5`:       "the parentheses are empty",
		"new>+5":            "a count without a sign",
		"new>+5%":           "a count without a sign",
		"new(db) and total": "is followed by >",
		"count>5\nx":        "a count has no unit",
	} {
		if c, err := diff.ParseCondition(text); err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") || c != (diff.Condition{}) {
			t.Errorf("%q: %v, %v", text, c, err)
		}
	}
}

// TestConditions: each is checked against figures of before and after.
func TestConditions(t *testing.T) {
	before, after := profiles(t)
	d := diff.Of(before, after)
	for text, want := range map[string]string{
		"total>10ms":               "total>10ms: 14.0 ms, 10.0 ms before",
		"total>14ms":               "",
		"total>=14ms":              "total>=14ms: 14.0 ms, 10.0 ms before",
		"total > 0":                "total > 0: 14.0 ms, 10.0 ms before",
		"total>+3999us":            "total>+3999us: 14.0 ms, 10.0 ms before",
		"total>+39%":               "total>+39%: 14.0 ms, 10.0 ms before",
		"total>+40%":               "",
		"total<-1%":                "",
		"total<+41%":               "total<+41%: 14.0 ms, 10.0 ms before",
		"total(db)>+4.9ms":         "total(db)>+4.9ms: 11.0 ms, 6.00 ms before",
		"total(http)>14ms":         "",
		"total(http)>13ms":         "total(http)>13ms: 14.0 ms, 10.0 ms before",
		"total(shop)>14ms":         "",
		"total(shop)>13ms":         "total(shop)>13ms: 14.0 ms, 10.0 ms before",
		"self(shop)>13ms":          "self(shop)>13ms: 14.0 ms, 10.0 ms before",
		"count>5":                  "count>5: 6 a trace, 3 before",
		"count(shop)>5":            "count(shop)>5: 6 a trace, 3 before",
		"count(client)>4":          "count(client)>4: 5 a trace, 2 before",
		`count("FROM price") > 0`:  `count("FROM price") > 0: 4 a trace, 0 before`,
		`count("FROM price")>+10%`: `count("FROM price")>+10%: 4 a trace, 0 before`,
		"new":                      "new: 1 path",
		"new(db)":                  "new(db): 1 path",
		"new(db)>1":                "",
		"new(http)":                "",
		"gone(db)>=1":              "gone(db)>=1: 1 path",
		`gone("FROM stock")`:       `gone("FROM stock"): 1 path`,
		"p50(db)<3ms":              "p50(db)<3ms: 2.00 ms, 2.00 ms before",
		"max(db)>3ms":              "",
		"max(db)<=3ms":             "max(db)<=3ms: 3.00 ms, 4.00 ms before",
		"self(http)<-0.9ms":        "self(http)<-0.9ms: 3.00 ms, 4.00 ms before",
		"critical(nothing)>+1%":    "",
		"p95>1s":                   "",
		"count(d)>0":               "",
	} {
		c, err := diff.ParseCondition(text)
		if err != nil {
			t.Error(err)
			continue
		}
		got, met := c.Check(d)
		if !met {
			got = ""
		}
		if got != want || c.String() != text {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
	if _, met := (diff.Condition{}).Check(d); met {
		t.Error("the zero condition is met")
	}
}

// TestDocumentedConditions: those of docs/diff.md are conditions.
func TestDocumentedConditions(t *testing.T) {
	text, err := os.ReadFile("../../docs/diff.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "| condition | fails if |\n|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	n := 0
	for line := range strings.Lines(table) {
		n++
		if _, err := diff.ParseCondition(strings.Split(line, "`")[1]); err != nil {
			t.Error(err)
		}
	}
	if n < 5 {
		t.Errorf("%d conditions in docs/diff.md", n)
	}
}

// FuzzCondition: any text is a condition or a line that says why not, and what it is
// can be checked.
func FuzzCondition(f *testing.F) {
	for _, text := range []string{"total>+20%", "count(db)>10", "new(db)", `p95("SELECT ?") >= 1.5ms`, "gone(", "self<-1µs", "max(\xff)>1s", "total>+Infs"} {
		f.Add(text)
	}
	before, after := profiles(f)
	d := diff.Of(before, after)
	f.Fuzz(func(t *testing.T, text string) {
		c, err := diff.ParseCondition(text)
		if err != nil {
			if c != (diff.Condition{}) || strings.ContainsAny(err.Error(), "\r\n") {
				t.Errorf("%q: %q", text, err)
			}
			return
		}
		said, _ := c.Check(d)
		if c.String() != strings.TrimSpace(text) || !strings.HasPrefix(said, c.String()+": ") {
			t.Errorf("%q: %q", text, said)
		}
		if again, err := diff.ParseCondition(c.String()); err != nil || again != c {
			t.Errorf("%q is read as %+v and then as %+v, %v", text, c, again, err)
		}
	})
}
