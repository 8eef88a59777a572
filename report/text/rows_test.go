package text_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/report"
)

// TestShortRows: what takes next to no time is one remark if there are many rows
// and a limit, and nothing that failed is in it.
func TestShortRows(t *testing.T) {
	var tr trace
	root := tr.point("http", "base", "s", 0, 1000, plain, plain)
	for i := range 38 {
		tr.micros(fmt.Sprint("step", i), root, "s", 1000*i, 1000*i+30, plain, plain)
	}
	tr.micros("bad", root, "s", 100, 120, plain, `{"etype":"E","host":"h"}`)
	tr.point("work", root, "s", 100, 900, plain, plain)
	r := build(t, tr.records)
	limited := write(t, r, report.Options{Width: 80, MaxRows: 200})
	for _, want := range []string{"├ work ", "├ bad ", "└ … 38 more, 1.14 ms\n", "left out: 38 points\n"} {
		if !strings.Contains(limited, want) {
			t.Errorf("no %q in\n%s", want, limited)
		}
	}
	if all := write(t, r, report.Options{Width: 80}); strings.Contains(all, "38 more") || !strings.Contains(all, "├ step37 ") {
		t.Errorf("without a limit:\n%s", all)
	}
	few := build(t, tr.records[:2*20]) // they fit on a screen
	if text := write(t, few, report.Options{Width: 80, MaxRows: 200}); strings.Contains(text, " more, ") {
		t.Error(text)
	}
}

// TestSubtreesFold: subtrees are equal whatever their literals, the order of what
// is in them and how often it is there; they are not if one has something else.
func TestSubtreesFold(t *testing.T) {
	var tr trace
	root := tr.point("http", "base", "s", 0, 1000, plain, plain)
	query := func(parent string, at int, statement string) {
		tr.point("db", parent, "s", at, at+1, fmt.Sprintf(`{"db":{"statement":"%s"},"host":"h"}`, statement), plain)
	}
	for i := range 6 {
		line := tr.point("line", root, "s", 10*i, 10*i+9, plain, plain)
		statements := []string{fmt.Sprintf("SELECT a FROM t WHERE id = %d", i), "UPDATE t", "SELECT a FROM t WHERE id = 0"}
		if i%2 == 1 {
			statements = []string{"UPDATE t", fmt.Sprintf("SELECT a FROM t WHERE id = %d", i)}
		}
		if i == 4 {
			statements[1] = "DELETE FROM t"
		}
		for n, s := range statements {
			query(line, 10*i+2*n, s)
		}
	}
	text := write(t, build(t, tr.records), report.Options{Width: 120})
	for _, want := range []string{"├ line ×5 ≤ 9.00 ms  45.0 ms", "×7 SELECT a FROM t WHERE id = ? ≤ 1.00 ms  7.00 ms", "db ×5 UPDATE t ≤ 1.00 ms", "└ line  ", "db DELETE FROM t"} {
		if !strings.Contains(strings.Join(strings.Fields(text), " "), strings.Join(strings.Fields(want), " ")) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// TestAttributes: short ones that a program gave a point itself stand in its row.
func TestAttributes(t *testing.T) {
	var tr trace
	tr.point("quote", "base", "s", 0, 10, `{"sku":"widget","count":3,"secret":"`+strings.Repeat("x", 60)+`","list":[1],"none":null,"request":{},"host":"h"}`,
		`{"price":6.5,"etype":"E","message":"m","host":"h"}`)
	text := write(t, build(t, tr.records), report.Options{Width: 100})
	if !strings.Contains(text, "quote sku=widget count=3 price=6.5  ") {
		t.Error(text)
	}
}

// TestClocks: a service whose clock is 3 s behind has its rows where they
// belong, and the times of their own that follow.
func TestClocks(t *testing.T) {
	var tr trace
	root := tr.point("http", "base", "web", 4000, 4900, `{"request":{"method":"GET","path":"/"},"host":"a"}`, `{"host":"a"}`)
	for i := range 3 {
		at := 4100 + 200*i
		call := tr.point("grpc_client", root, "web", at, at+180, `{"grpc":{"method":"/a.B/C"},"sonde":{"kind":"client"},"host":"a"}`, `{"host":"a"}`)
		tr.point("grpc", call, "shop", at-2990, at-2830, `{"grpc":{"method":"/a.B/C"},"sonde":{"kind":"server"},"host":"b"}`, `{"host":"b"}`)
	}
	text := write(t, build(t, tr.records), report.Options{Width: 80})
	for _, want := range []string{"GET / in web, 900 ms, ", "skew ", "540 ms  60.0 ms  web", "  0               900 ms\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// TestFailureIsSaidOnce: where it began, not again on its way up.
func TestFailureIsSaidOnce(t *testing.T) {
	var tr trace
	const failed = `{"etype":"E","message":"the warehouse is closed","host":"h"}`
	root := tr.point("http", "base", "s", 0, 100, plain, `{"etype":"StatusError","message":"500","host":"h"}`)
	tr.point("leaf", tr.point("middle", tr.point("top", root, "s", 1, 99, plain, failed), "s", 2, 98, plain, failed), "s", 3, 97, plain, failed)
	text := write(t, build(t, tr.records), report.Options{Width: 80})
	if strings.Count(text, "✗ E: the warehouse is closed") != 1 || !strings.Contains(text, "        ✗ E: the warehouse") || !strings.Contains(text, "│ ✗ StatusError: 500") {
		t.Error(text)
	}
}
