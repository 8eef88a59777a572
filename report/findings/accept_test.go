package findings_test

import (
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/findings"
)

func day(t testing.TB, text string) time.Time {
	t.Helper()
	d, err := time.Parse(time.DateOnly, text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestReadAcceptances(t *testing.T) {
	list, err := findings.ReadAcceptances(strings.NewReader(`
# known since the spring
slow:bank:3dccc4753a4d   anna@example.org  2026-11-21  2027-03-01  the card network   answers in 20 ms
	"slow:my shop\x7c:00" bob 2026-11-22 - "quoted" # and more
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []findings.Acceptance{
		{Signature: "slow:bank:3dccc4753a4d", By: "anna@example.org", On: day(t, "2026-11-21"), Until: day(t, "2027-03-01"), Why: "the card network   answers in 20 ms", Line: 3},
		{Signature: "slow:my shop|:00", By: "bob", On: day(t, "2026-11-22"), Why: `"quoted" # and more`, Line: 4},
	}
	if fmt.Sprint(list) != fmt.Sprint(want) || list[0].Line != 3 || list[1] != want[1] {
		t.Errorf("got %+v", list)
	}
}

func TestReadAcceptancesRefuses(t *testing.T) {
	const signature = "want the signature of a finding, such as slow:shop:3dccc4753a4d, first"
	for text, want := range map[string]string{
		"slow":                                   signature,
		"slow bob 2026-01-02 - why":              signature,
		`"slow:x bob 2026-01-02 - w`:             signature,
		"slow:a:1":                               "want a signature, who, the day, the last day or -, and why",
		"slow:a:1 bob 2026-01-02 -":              "want a signature, who, the day, the last day or -, and why",
		"slow:a:1 bob 02.01.26 - why":            `"02.01.26" is no day such as 2026-11-21`,
		"slow:a:1 bob 2026-01-02 2026-02-30 why": `"2026-02-30" is neither a last day such as 2027-03-01 nor -`,
		"slow:a:1 bob 2026-01-02 0001-01-01 why": `"0001-01-01" is neither a last day such as 2027-03-01 nor -`,
		"slow:a:1 b 2026-01-02 - w\n\nslow:a:1 c 2026-01-02 - why": "line 1 has accepted slow:a:1 already",
		strings.Repeat("x", 1<<17):                                 "bufio.Scanner: token too long",
	} {
		lines := 1 + strings.Count(text, "\n")
		if _, err := findings.ReadAcceptances(strings.NewReader(text)); err == nil || err.Error() != fmt.Sprintf("line %d: %s", lines, want) {
			t.Errorf("%.60s: %v", text, err)
		}
	}
}

// TestExpired: an acceptance holds through its last day.
func TestExpired(t *testing.T) {
	list := []findings.Acceptance{{Signature: "a:b:c", Why: "for good"}, {Signature: "d:e:f", Until: day(t, "2027-03-01"), Why: "for now"}}
	last := day(t, "2027-03-02").Add(-time.Nanosecond)
	if got := findings.Accepting(list, last); !maps.Equal(got, map[string]string{"a:b:c": "for good", "d:e:f": "for now"}) {
		t.Errorf("on the last day %v", got)
	}
	if got := findings.Accepting(list, last.Add(1)); !maps.Equal(got, map[string]string{"a:b:c": "for good"}) {
		t.Errorf("afterwards %v", got)
	}
}

// TestDocsAccept: the file in docs/findings.md is one.
func TestDocsAccept(t *testing.T) {
	doc, err := os.ReadFile("../../docs/findings.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(doc), "\n```\n# signature")
	file, _, _ := strings.Cut(after, "\n```\n")
	list, err := findings.ReadAcceptances(strings.NewReader("#" + file))
	if err != nil || len(list) != 2 {
		t.Errorf("%+v, %v", list, err)
	}
}

const slowTrace = `
{"name":"http-start","base_id":"t","trace_id":"1","parent_id":"t","timestamp":"2026-11-21T12:00:00.000000","service":"shop","info":{"request":{"method":"GET","path":"/cart"}}}
{"name":"db-start","base_id":"t","trace_id":"2","parent_id":"1","timestamp":"2026-11-21T12:00:00.010000","service":"shop","info":{"db":{"statement":"SELECT * FROM carts WHERE id = 7"}}}
{"name":"db-stop","base_id":"t","trace_id":"2","parent_id":"1","timestamp":"2026-11-21T12:00:00.950000","service":"shop","info":{"etype":"E","message":"gone"}}
{"name":"http-stop","base_id":"t","trace_id":"1","parent_id":"t","timestamp":"2026-11-21T12:00:01.000000","service":"shop","info":{"response":{"status_code":200}}}`

// TestAccepted: what is accepted is found, marked, and comes last.
func TestAccepted(t *testing.T) {
	r, err := report.Read([]byte(slowTrace))
	if err != nil {
		t.Fatal(err)
	}
	all := findings.Find(r, findings.Options{})
	if len(all.Findings) < 2 || len(all.Standing()) != len(all.Findings) {
		t.Fatalf("%+v", all.Findings)
	}
	first := all.Findings[0]
	some := findings.Find(r, findings.For(report.Options{Accepted: map[string]string{first.Signature: "known"}}))
	last := some.Findings[len(some.Findings)-1]
	if len(some.Findings) != len(all.Findings) || last.Signature != first.Signature || !last.Accepted || last.Why != "known" {
		t.Errorf("%+v", some.Findings)
	}
	standing := some.Standing()
	if len(standing) != len(all.Findings)-1 || standing[0].Signature != all.Findings[1].Signature || standing[0].Accepted {
		t.Errorf("standing: %+v", standing)
	}
}

// FuzzReadAcceptances: what is read says the same when it is written and read
// again, and no signature needs more than a line of visible ASCII.
func FuzzReadAcceptances(f *testing.F) {
	f.Add("slow:bank:3dccc4753a4d anna 2026-11-21 2027-03-01 why")
	f.Add("# no\n\n\"slow:\\\"\\x7c\\n:1\" a 2026-11-21 - b\r\nx:y z 2026-11-21 - \xff")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := findings.ReadAcceptances(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, a := range list {
			again, err := findings.ReadAcceptances(strings.NewReader(a.String()))
			if err != nil || len(again) != 1 {
				t.Fatalf("%q: %v", a, err)
			}
			if a.Line = 1; again[0] != a {
				t.Fatalf("%+v became %+v", a, again[0])
			}
			if q := findings.QuoteSignature(a.Signature); strings.ContainsFunc(q, func(c rune) bool { return c < ' ' || c > '~' || c == '|' || c == '`' }) {
				t.Fatalf("%q", q)
			}
		}
	})
}

// A build that knows of a slow query and lives with it until spring.
func ExampleReadAcceptances() {
	list, err := findings.ReadAcceptances(strings.NewReader(`
# signature            who   since       until       why
slow:shop:503dfcef89ff anna  2026-11-21  2027-03-01  the index comes with the next release
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := report.Read([]byte(slowTrace))
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC) // time.Now()
	result := findings.Find(r, findings.Options{Accepted: findings.Accepting(list, now)})
	for _, f := range result.Standing() {
		fmt.Println(f.Kind, f.Text)
	}
	fmt.Println("accepted:", len(result.Findings)-len(result.Standing()))
	// Output:
	// failure SELECT * FROM carts WHERE id = ? (shop) failed: gone (E); GET /cart (shop) went on
	// accepted: 1
}
