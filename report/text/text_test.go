package text_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/internal/terminal"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/outputtest"
)

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
	many := build(t, grownTrace(2000))
	checkout := build(t, checkoutTrace())
	for name, tt := range map[string]struct {
		report *report.Report
		o      report.Options
	}{
		"checkout-80":    {checkout, report.Options{Width: 80}},
		"checkout-140":   {checkout, report.Options{Width: 140}},
		"checkout-40":    {checkout, report.Options{Width: 1}},
		"checkout-color": {checkout, report.Options{Width: 100, Color: true}},
		"many":           {many, report.Options{MaxRows: 20, More: "--all or --json shows them"}},
		"nothing":        {build(t, []string{}), report.Options{}},
	} {
		t.Run(name, func(t *testing.T) {
			outputtest.Golden(t, filepath.Join("testdata", name+".txt"), []byte(write(t, tt.report, tt.o)))
		})
	}
}

func TestTextIsHarmless(t *testing.T) {
	const evil = `\u001b[2J\u001b]0;owned\u0007\n\r\u0000\u202e\u2066\u200f\u009b31m`
	const now = "2026-01-02T03:00:00.000000"
	record := func(name string) string {
		return fmt.Sprintf(`{"name":"%s%s","base_id":"%s","trace_id":"%s","parent_id":"%s","timestamp":"%s","info":{"host":"%s","sku":"%s","db":{"statement":"%s"},"etype":"%s","message":"%s"},"project":"%s","service":"%s"}`,
			evil, name, evil, evil, evil+name, now, evil, evil, evil, evil, evil, evil, evil)
	}
	odd := strings.Replace(record("-start"), `"trace_id":"`, `"trace_id":"odd`, 1)
	r := build(t, []string{record("-start"), record("-stop"), strings.Replace(odd, now, evil, 1), evil + "\x1b[31m"})
	text := write(t, r, report.Options{Width: 120})
	checkPrintable(t, text)
	if !strings.Contains(text, "owned") || strings.Count(text, "\n") > 20 {
		t.Error(text)
	}
}

func TestTextKeepsToTheWidth(t *testing.T) {
	for _, width := range []int{40, 57, 80, 133, 300} {
		for _, records := range [][]string{checkoutTrace(), deepTrace(300)} {
			checkWidth(t, write(t, build(t, records), report.Options{Width: width}), width)
		}
	}
}

func checkWidth(t *testing.T, text string, width int) {
	t.Helper()
	for line := range strings.Lines(text) {
		if n := terminal.Width(strings.TrimSuffix(line, "\n")); n > width {
			t.Errorf("%d columns of %d in %q", n, width, line)
		}
	}
}

// TestTextLimit checks that a limit keeps what failed and the slowest, and
// accounts for the rest.
func TestTextLimit(t *testing.T) {
	var tr trace
	root := tr.point("http", "base", "s", 0, 5000, plain, plain)
	for i := range 1000 {
		middle := tr.point(fmt.Sprint("middle", i), root, "s", i, i+1, plain, plain)
		name, stop, to := "leaf", plain, i+1
		if i == 700 {
			name, to = "slow", 4000
		}
		if i == 900 {
			name, stop = "broken", `{"etype":"E"}`
		}
		tr.point(name, middle, "s", i, to, plain, stop)
	}
	text := write(t, build(t, tr.records), report.Options{Width: 80, MaxRows: 10})
	for _, want := range []string{"└ slow", "└ broken", "✗ E", "left out: 1,994 points", "└ … 1,994 more, 997 ms"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if n := strings.Count(text, "\n"); n > 50 {
		t.Errorf("%d lines", n)
	}
	deep := build(t, deepTrace(20000))
	if text := write(t, deep, report.Options{MaxRows: 50}); !strings.Contains(text, "left out: ") {
		t.Error(text)
	}
	if text := write(t, deep, report.Options{}); strings.Count(text, "\n") < 20000 {
		t.Error("without a limit, points are left out")
	}
}

// TestTextAlignsEmoji: those of several characters take two columns.
func TestTextAlignsEmoji(t *testing.T) {
	text := func(s string) string {
		var tr trace
		root := tr.point("http"+s, "base", "shop"+s, 0, 50, plain, plain)
		tr.point("f", root, s+s, 1, 20, `{"function":{"name":"`+s+s+`"}}`, plain)
		return write(t, build(t, tr.records), report.Options{Width: 79})
	}
	want := text("xy")
	for _, emoji := range []string{"👨\u200d👩\u200d👧", "❤️", "🇩🇪", "👍🏽", "中"} {
		if got := strings.ReplaceAll(text(emoji), emoji, "xy"); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", emoji, got, want)
		}
	}
}

// TestNow: a point without a stop has run until the trace was read.
func TestNow(t *testing.T) {
	var tr trace
	root := tr.point("http", "base", "cart", 0, 0, plain, "")
	tr.point("load", root, "cart", 0, 1000, plain, plain)
	r := build(t, tr.records)
	text := write(t, r, report.Options{Width: 80, Now: r.Began().Add(4 * time.Second)})
	for _, want := range []string{"http in cart, 4.00 s so far, 2 points", "running for 4.00 s", " 4.00 s\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if ended, running := strings.Count(text, "█"), strings.Count(text, "░"); running < 3*ended || running > 5*ended {
		t.Errorf("the bars do not end where they should:\n%s", text)
	}
}
