package diff_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/diff"
	"github.com/sonde-go/sonde/report/profile"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// query is a statement and the milliseconds that it takes.
type query struct {
	statement string
	ms        int
}

// page is a request that has queries, one after the other, and then takes so many
// milliseconds of its own.
func page(t testing.TB, p *profile.Profile, own int, queries ...query) {
	t.Helper()
	var list []record.Record
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	emit := func(name, id, parent, info string) {
		service := "shop"
		list = append(list, record.Record{Name: name, Trace: "base", Parent: parent, Point: id, Service: &service, Timestamp: at.Format("2006-01-02T15:04:05.000000"), Info: []byte(info)})
	}
	emit("http-start", "root", "base", `{"request":{"method":"GET","path":"/cart"}}`)
	for i, q := range queries {
		emit("db-start", fmt.Sprint(i), "root", fmt.Sprintf(`{"db":{"statement":%q}}`, q.statement))
		at = at.Add(time.Duration(q.ms) * time.Millisecond)
		emit("db-stop", fmt.Sprint(i), "root", `{}`)
	}
	at = at.Add(time.Duration(own) * time.Millisecond)
	emit("http-stop", "root", "base", `{}`)
	r, err := report.Build(func(yield func(record.Record, error) bool) {
		for _, r := range list {
			if !yield(r, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Add(r)
}

// profiles are one trace before and two after.
func profiles(t testing.TB) (before, after *profile.Profile) {
	before, after = profile.New(), profile.New()
	page(t, before, 4, query{"SELECT name FROM users WHERE id = 1", 2}, query{"SELECT n FROM stock", 4})
	for i := range 2 {
		prices := slices.Repeat([]query{{fmt.Sprint("SELECT p FROM price WHERE id = ", i), 2}}, 4)
		page(t, after, 3, append(prices, query{"SELECT name FROM users WHERE id = 1", 3})...)
	}
	return before, after
}

// TestDiff: paths are compared per trace, and what changes in number comes before what
// changes in time.
func TestDiff(t *testing.T) {
	d := diff.Of(profiles(t))
	if want := "GET /cart: 10.0 ms → 14.0 ms (+40 %) in the mean of 1 trace and 2 traces"; d.Text != want {
		t.Errorf("got %s", d.Text)
	}
	var got []string
	for _, c := range d.Causes {
		got = append(got, fmt.Sprintf("%s %s", c.Kind, c.Text))
	}
	want := []string{
		"new SELECT p FROM price WHERE id = ? (shop) ×4, below GET /cart (shop): +8.00 ms",
		"gone SELECT n FROM stock (shop), below GET /cart (shop): -4.00 ms",
		"slower SELECT name FROM users WHERE id = ? (shop), below GET /cart (shop): 2.00 ms → 3.00 ms: +1.00 ms",
		"faster GET /cart (shop) itself: 4.00 ms → 3.00 ms: -1.00 ms",
	}
	slices.Sort(got[2:]) // of one contribution
	slices.Sort(want[2:])
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
	var sum time.Duration
	for i := range d.Changes {
		sum += d.Changes[i].Contribution
	}
	if first := &d.Changes[0]; sum != 4*time.Millisecond || !first.New() || first.Gone() || first.After.Count != 4 || first.After.Total != 8*time.Millisecond || first.After.P50 != 2*time.Millisecond {
		t.Errorf("%v, %+v", sum, first)
	}
}

// TestSame: a group compared with itself, or a larger one of the same, differs in nothing.
func TestSame(t *testing.T) {
	before, after := profile.New(), profile.New()
	for i := range 6 {
		p := before
		if i >= 2 {
			p = after
		}
		page(t, p, 5, query{fmt.Sprint("SELECT ", i), 3})
	}
	if d := diff.Of(before, after); len(d.Causes) != 0 || len(d.Changes) != 2 || d.Changes[0].Contribution != 0 {
		t.Errorf("%+v", d.Causes)
	}
}

// TestRare: what one trace of very many does more is not what differs.
func TestRare(t *testing.T) {
	before, after := profile.New(), profile.New()
	for i := range 100 {
		page(t, before, 5, query{"SELECT 1", 3})
		if i == 50 {
			page(t, after, 5, query{"SELECT 1", 3}, query{"SELECT rare FROM x", 3})
		} else {
			page(t, after, 5, query{"SELECT 1", 3})
		}
	}
	if d := diff.Of(before, after); len(d.Causes) != 0 || len(d.Changes) != 3 {
		t.Errorf("%+v", d.Causes)
	}
}

// TestMoreAndBelow: what is new stands for all below it.
func TestMoreAndBelow(t *testing.T) {
	before, after := profile.New(), profile.New()
	page(t, before, 1, query{"SELECT 1", 1})
	page(t, after, 1, query{"SELECT 1", 1}, query{"SELECT 1", 1}, query{"SELECT 1", 1})
	d := diff.Of(before, after)
	if len(d.Causes) != 1 || d.Causes[0].Text != "SELECT ? (shop) ×3 instead of ×1, below GET /cart (shop): +2.00 ms" || d.Causes[0].Kind != diff.More {
		t.Errorf("%+v", d.Causes)
	}
	if d := diff.Of(profile.New(), after); len(d.Causes) != 1 || d.Causes[0].Kind != diff.New || d.Causes[0].Path.Title != "GET /cart" || d.Causes[0].Took != 4*time.Millisecond {
		t.Errorf("%+v", d.Causes)
	}
}
