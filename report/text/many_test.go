package text_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/diff"
	"github.com/sonde-go/sonde/report/outputtest"
	"github.com/sonde-go/sonde/report/profile"
	"github.com/sonde-go/sonde/report/text"
)

// carts are traces of a cart, most of them quick. One in eight finds its stock on
// another host, which is slow. After a change prices are looked up one by one.
func carts(t testing.TB, n int, changed bool, title string) *profile.Profile {
	t.Helper()
	rnd := rand.New(rand.NewPCG(1, 2))
	p := profile.New()
	for i := range n {
		var tr trace
		at := 200 + rnd.IntN(300)
		db := func(parent, statement string, took int) {
			from := at
			at += took
			tr.micros("db", parent, "shop", from, at, fmt.Sprintf(`{"db":{"statement":"%s"},"host":"web-1"}`, statement), plain)
			at += 20
		}
		slow, host := 3000+rnd.IntN(800), "stock-1"
		if i%8 == 3 {
			slow, host = 60_000+rnd.IntN(9000), "stock-2"
		}
		prices := 0
		if changed {
			prices = 12
		}
		total := 200 + 1200 + slow + 600 + prices*820 + 1500 + rnd.IntN(400) + at
		root := tr.micros("http", "base", "shop", 0, total, fmt.Sprintf(`{"request":{"path":"%s","method":"GET"},"host":"web-1"}`, title), `{"response":{"status_code":200},"host":"web-1"}`)
		db(root, "SELECT id, name, email, address FROM users WHERE id = "+fmt.Sprint(i), 1200)
		for k := range prices {
			db(root, "SELECT price FROM prices WHERE sku = "+fmt.Sprint(k), 800)
		}
		call := tr.micros("http_client", root, "shop", at, at+slow+600, `{"requests":{"method":"GET","hostname":"stock","path":"/left"},"host":"web-1"}`, plain)
		tr.micros("http", call, "stock", at+300, at+300+slow, fmt.Sprintf(`{"request":{"path":"/left","method":"GET"},"host":"%s"}`, host), fmt.Sprintf(`{"host":"%s"}`, host))
		p.Add(build(t, tr.records))
	}
	return p
}

// hostileTitle would clear a screen, write from right to left and end the line.
const hostileTitle = `/\u001b[J\u001b]x;\u0007\u202ecart\r\n\u0000`

// TestMany compares what is written of many traces, and of two groups of them, with
// files that were read by a person.
func TestMany(t *testing.T) {
	for name, title := range map[string]string{"carts": "/cart", "hostile": hostileTitle} {
		many := carts(t, 200, false, title)
		var other trace
		other.point("http", "base", "shop", 0, 20, `{"request":{"path":"`+title+`","method":"POST"}}`, plain)
		many.Add(build(t, other.records))
		changed := carts(t, 100, true, title)
		var open trace
		open.point("http", "base", "shop", 0, 0, `{"request":{"path":"`+title+`","method":"GET"}}`, plain)
		changed.Add(build(t, open.records))
		for _, width := range []int{80, 120, 200} {
			o := report.Options{Width: width, MaxRows: 200, More: "--all shows them"}
			var stats, differs bytes.Buffer
			if err := text.WriteProfile(&stats, many, many.Explain(many.Kinds()[0]), o); err != nil {
				t.Fatal(err)
			}
			if err := text.WriteDiff(&differs, diff.Of(many, changed), o); err != nil {
				t.Fatal(err)
			}
			for form, out := range map[string]string{"stats": stats.String(), "diff": differs.String()} {
				checkPrintable(t, out)
				checkWidth(t, out, width)
				outputtest.Golden(t, filepath.Join("testdata", fmt.Sprintf("%s-%s-%d.txt", form, name, width)), []byte(out))
			}
		}
	}
}

// TestManyRows: where rows are limited, the paths with the most time are shown, and how
// many are not.
func TestManyRows(t *testing.T) {
	p, none := profile.New(), profile.New()
	var tr trace
	root := tr.point("http", "base", "shop", 0, 1000, `{"request":{"path":"/","method":"GET"}}`, plain)
	for i := range 60 {
		tr.point("step"+string(rune('a'+i%26))+string(rune('a'+i/26)), root, "shop", 10*i, 10*i+1+i%9, plain, plain)
	}
	p.Add(build(t, tr.records))
	for _, rows := range []int{0, 200} {
		for name, write := range map[string]func(*bytes.Buffer) error{
			"stats": func(b *bytes.Buffer) error {
				return text.WriteProfile(b, p, p.Explain(p.Kinds()[0]), report.Options{MaxRows: rows, More: "--all shows them"})
			},
			"diff": func(b *bytes.Buffer) error {
				return text.WriteDiff(b, diff.Of(none, p), report.Options{MaxRows: rows, More: "--all shows them"})
			},
		} {
			var out bytes.Buffer
			if err := write(&out); err != nil {
				t.Fatal(err)
			}
			steps := 60
			if rows > 0 {
				steps = 19 // of 20 rows
			}
			left := bytes.Contains(out.Bytes(), []byte("… 41 more paths; --all shows them\n"))
			if left != (rows > 0) || bytes.Count(out.Bytes(), []byte("step")) != steps {
				t.Errorf("%s, %d rows:\n%s", name, rows, out.String())
			}
		}
	}
}

// TestSampled: it is said that not all traces were compared.
func TestSampled(t *testing.T) {
	p := carts(t, 20, false, "/cart")
	e := p.Explain(p.Kinds()[0])
	e.Sampled, e.Traces = true, 12
	var out bytes.Buffer
	if err := text.WriteProfile(&out, p, e, report.Options{Width: 200}); err != nil {
		t.Fatal(err)
	}
	if want := "\n\nthe variance is that of 12 traces, taken at random: all 20 would take too much memory\n"; !strings.Contains(out.String(), want) {
		t.Error(out.String())
	}
}

// TestManyHostile: whatever traces hold, what is written of many does nothing to a
// terminal, and no line is longer than the width.
func TestManyHostile(t *testing.T) {
	all := profile.New()
	for _, trace := range outputtest.Traces(t) {
		one := profile.New()
		for range 12 {
			one.Add(trace.Report(t))
			all.Add(trace.Report(t))
		}
		if one.Traces == 0 {
			continue
		}
		for _, width := range []int{40, 100} {
			var out bytes.Buffer
			for _, p := range []*profile.Profile{one, all} {
				if err := text.WriteProfile(&out, p, p.Explain(p.Kinds()[0]), report.Options{Width: width}); err != nil {
					t.Fatal(err)
				}
			}
			if err := text.WriteDiff(&out, diff.Of(one, all), report.Options{Width: width, MaxRows: 200}); err != nil {
				t.Fatal(err)
			}
			checkPrintable(t, out.String())
			checkWidth(t, out.String(), width)
		}
	}
}
