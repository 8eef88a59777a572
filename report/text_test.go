package report_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/outputtest"
)

func toText(t testing.TB, r *report.Report, o report.Options) string {
	t.Helper()
	var out bytes.Buffer
	if err := r.WriteText(&out, o); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func checkPrintable(t *testing.T, text string) {
	t.Helper()
	for i, r := range text {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Fatalf("%U after %q", r, text[:i])
		}
	}
}

// trace makes records for tests of the text form.
type trace struct{ records []string }

// point adds a point from one millisecond to another, without a stop if that is
// 0, and returns its id.
func (tr *trace) point(name, parent, service string, from, to int, start, stop string) string {
	id := fmt.Sprint("id", len(tr.records))
	record := func(kind string, ms int, info string) {
		tr.records = append(tr.records, fmt.Sprintf(
			`{"name":"%s-%s","base_id":"4f1c0f3e-3c1a-4a55-9d0e-2b1f0f7f9a11","trace_id":"%s","parent_id":"%s","timestamp":"%s","info":%s,"project":"shop","service":"%s"}`,
			name, kind, id, parent, at(ms*1000), info, service))
	}
	record("start", from, start)
	if to > 0 {
		record("stop", to, stop)
	}
	return id
}

func checkoutTrace() []string {
	var tr trace
	root := tr.point("http", "base", "cart", 0, 184, `{"request":{"path":"/api/checkout","method":"POST"},"host":"a"}`,
		`{"response":{"status_code":500},"sonde":{"lost":12},"host":"a"}`)
	tr.point("db", root, "cart", 2, 5, `{"db":{"statement":"SELECT id, sku\n  FROM cart_items WHERE cart_id = $1"},"host":"a"}`, plain)
	for i := range 30 {
		tr.point("db", root, "cart", 6+2*i, 7+2*i, `{"db":{"statement":"SELECT price FROM prices WHERE sku = $1"},"host":"a"}`, plain)
	}
	call := tr.point("grpc_client", root, "cart", 75, 120, `{"grpc":{"method":"/inventory.v1.Inventory/Reserve"},"host":"a"}`, `{"grpc":{"code":"OK"},"host":"a"}`)
	served := tr.point("grpc", call, "inventory", 77, 118, `{"grpc":{"method":"/inventory.v1.Inventory/Reserve"},"host":"b"}`, `{"grpc":{"code":"OK"},"host":"b"}`)
	tr.point("db", served, "inventory", 78, 112, `{"db":{"statement":"UPDATE stock SET reserved = reserved + $1 WHERE sku = $2 AND free >= $1"},"host":"b"}`, plain)
	tr.point("http_client", root, "cart", 121, 180, `{"requests":{"method":"POST","path":"/charge","hostname":"payments.example","port":"8443"},"host":"a"}`,
		`{"etype":"net.OpError","message":"dial tcp: connection refused","host":"a"}`)
	tr.point("nats_publish", root, "cart", 181, 182, `{"nats":{"subject":"orders.failed"},"host":"a"}`, plain)
	tr.point("audit", root, "cart", 183, 0, plain, "")
	tr.point("loop", "id999", "cart", 183, 184, plain, plain)
	tr.point("own", fmt.Sprint("id", len(tr.records)), "cart", 183, 184, plain, plain)
	return append(tr.records, "no record")
}

// TestTextGolden compares with files that were read by a person.
func TestTextGolden(t *testing.T) {
	many := build(t, ofPayloads(bigTrace(4000)))
	checkout := build(t, ofPayloads(checkoutTrace()))
	for name, tt := range map[string]struct {
		report *report.Report
		o      report.Options
	}{
		"checkout-80":    {checkout, report.Options{Width: 80}},
		"checkout-140":   {checkout, report.Options{Width: 140}},
		"checkout-40":    {checkout, report.Options{Width: 1}},
		"checkout-color": {checkout, report.Options{Width: 100, Color: true}},
		"many":           {many, report.Options{MaxRows: 20, More: "--all or --json shows them"}},
		"nothing":        {build(t, ofPayloads([]string{})), report.Options{}},
	} {
		t.Run(name, func(t *testing.T) {
			outputtest.Golden(t, filepath.Join("testdata", name+".txt"), []byte(toText(t, tt.report, tt.o)))
		})
	}
}

func TestTextIsHarmless(t *testing.T) {
	const evil = `\u001b[2J\u001b]0;owned\u0007\n\r\u0000\u202e\u2066\u200f\u009b31m`
	record := func(name string) string {
		return fmt.Sprintf(`{"name":"%s%s","base_id":"%s","trace_id":"%s","parent_id":"%s","timestamp":"%s","info":{"host":"%s","db":{"statement":"%s"},"etype":"%s","message":"%s"},"project":"%s","service":"%s"}`,
			evil, name, evil, evil, evil+name, at(0), evil, evil, evil, evil, evil, evil)
	}
	odd := strings.Replace(record("-start"), `"trace_id":"`, `"trace_id":"odd`, 1)
	r := build(t, ofPayloads([]string{record("-start"), record("-stop"), strings.Replace(odd, at(0), evil, 1), evil + "\x1b[31m"}))
	text := toText(t, r, report.Options{Width: 120})
	checkPrintable(t, text)
	if !strings.Contains(text, "owned") || strings.Count(text, "\n") > 20 {
		t.Error(text)
	}
}

func TestTextKeepsToTheWidth(t *testing.T) {
	for _, width := range []int{40, 57, 80, 133, 300} {
		for name, records := range map[string][]string{"checkout": checkoutTrace(), "deep": deepTrace(300)} {
			text := toText(t, build(t, ofPayloads(records)), report.Options{Width: width})
			for line := range strings.Lines(text) {
				if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > width {
					t.Errorf("%s at %d: %d columns in %q", name, width, n, line)
				}
			}
		}
	}
}

// TestTextLimit holds that a limit keeps what failed and the slowest, and
// accounts for the rest.
func TestTextLimit(t *testing.T) {
	var tr trace
	root := tr.point("http", "base", "s", 0, 5000, plain, plain)
	for i := range 1000 {
		middle := tr.point("middle", root, "s", i, i+1, plain, plain)
		name, stop, to := "leaf", plain, i+1
		if i == 700 {
			name, to = "slow", 4000
		}
		if i == 900 {
			name, stop = "broken", `{"etype":"E"}`
		}
		tr.point(name, middle, "s", i, to, plain, stop)
	}
	text := toText(t, build(t, ofPayloads(tr.records)), report.Options{Width: 80, MaxRows: 10})
	for _, want := range []string{"└ slow", "└ broken", "✗ E", "left out: 1,990 points", "└ … 1,9"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if n := strings.Count(text, "\n"); n > 40 {
		t.Errorf("%d lines", n)
	}
	deep := build(t, ofPayloads(deepTrace(20000)))
	if text := toText(t, deep, report.Options{MaxRows: 50}); !strings.Contains(text, "left out: ") {
		t.Error(text)
	}
	if text := toText(t, deep, report.Options{}); strings.Count(text, "\n") < 20000 {
		t.Error("without a limit, points are left out")
	}
}

// TestTextAlignsEmoji: those of several characters take two columns.
func TestTextAlignsEmoji(t *testing.T) {
	text := func(s string) string {
		var tr trace
		root := tr.point("http"+s, "base", "shop"+s, 0, 50, plain, plain)
		tr.point("f", root, s+s+s+s+s+s+s+s+s, 1, 20, `{"function":{"name":"`+strings.Repeat(s, 60)+`"}}`, plain)
		return toText(t, build(t, ofPayloads(tr.records)), report.Options{Width: 79})
	}
	want := text("xy")
	for _, emoji := range []string{"👨\u200d👩\u200d👧", "❤️", "🇩🇪", "👍🏽", "中"} {
		checkText(t, strings.ReplaceAll(text(emoji), emoji, "xy"), want)
	}
}
