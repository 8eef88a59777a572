package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/text"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var small = size{
	repeats: 8, points: 200, seed: 1,
	brief: 200 * time.Microsecond, slow: 30 * time.Millisecond, behind: 3 * time.Second,
}

// planted is what the records of a small trouble hold.
type planted struct {
	names              map[string]int // points by name, but for db_connect
	failed, unfinished int
	services           string // in alphabetical order
	cause              func(t *testing.T, r *report.Report)
}

// TestTroubles: each trouble leaves the points that it promises, those that
// failed and those that have not ended, and what it is about can be read from
// their times. Those are bounds that waiting guarantees on any machine.
func TestTroubles(t *testing.T) {
	n := small.repeats
	want := map[string]planted{
		"nplus1_params":   {names: map[string]int{"http": 1, "db": 1 + n}, services: "shop"},
		"nplus1_literals": {names: map[string]int{"http": 1, "db": 1 + n}, services: "shop"},
		"nplus1_subtrees": {
			names:    map[string]int{"http": 1, "db": 1 + 2*n, "price_line": n, "grpc_client": n, "grpc": n},
			services: "cart tax",
		},
		"nplus1_grpc": {
			names:    map[string]int{"http": 1, "grpc_client": n, "grpc": n, "db": n},
			services: "catalog frontend",
		},
		"slow_chain": {
			names:    map[string]int{"http": 1, "grpc_client": 2, "grpc": 2, "db": 4},
			services: "gateway orders stock",
			cause:    atLeast("db SELECT name FROM movements WHERE id = ?", small.slow),
		},
		"slow_fanout": {
			names:    map[string]int{"http": 1, "grpc_client": 8, "grpc": 8, "db": 8},
			services: "page parts",
			cause:    oneAtLeast("db", small.slow),
		},
		"failure": {
			names:    map[string]int{"http": 1, "grpc_client": 2, "grpc": 2, "db": 2},
			services: "gateway orders stock", failed: 6,
			cause: deepest("db", "no such table: reservations"),
		},
		"hang": {
			names:    map[string]int{"http": 1, "grpc_client": 2, "grpc": 2, "db": 1},
			services: "gateway prices stock", unfinished: 3,
			cause: func(t *testing.T, r *report.Report) {
				if p := labelled(t, r, "grpc /shop.Stock/Left"); p.HasStop {
					t.Error("what hangs has ended")
				}
			},
		},
		"timeout": {
			names:    map[string]int{"http": 1, "grpc_client": 1, "grpc": 1, "db": 1},
			services: "recommender shop", failed: 2,
			cause: deepest("grpc_client", "grpc.DeadlineExceeded: "),
		},
		"retry_storm": {
			names:    map[string]int{"http": 1, "grpc_client": 12, "grpc": 12},
			services: "gateway orders stock", failed: 25,
			cause: deepest("grpc", "the warehouse is closed"),
		},
		"lag": {
			names:    map[string]int{"http": 1, "db": 2, "nats_publish": 1, "nats_process": 1},
			services: "shop worker",
			cause: func(t *testing.T, r *report.Report) {
				p := labelled(t, r, "nats_process orders.new")
				if lag := p.Start() - r.Parent(p).Stop(); lag < small.slow*9/10 {
					t.Errorf("the message waits %v, want about %v", lag, small.slow)
				}
			},
		},
		"panic": {
			names:    map[string]int{"http": 1, "db": 1, "discount": 1},
			services: "shop", failed: 2,
			cause: deepest("discount", "index out of range [8] with length 0"),
		},
		"pool": {
			names:    map[string]int{"http": 1, "db": 2, "load_cart": 1},
			services: "shop",
			cause: func(t *testing.T, r *report.Report) {
				p := labelled(t, r, "db SELECT name FROM carts WHERE id = ?")
				if wait := p.Start() - r.Parent(p).Start(); wait < small.slow {
					t.Errorf("the query waits %v, want %v", wait, small.slow)
				}
			},
		},
		"outlives": {
			names:    map[string]int{"http": 1, "db": 2, "send_receipt": 1},
			services: "shop",
			cause: func(t *testing.T, r *report.Report) {
				p := labelled(t, r, "send_receipt")
				if late := p.Stop() - r.Parent(p).Stop(); late < small.slow {
					t.Errorf("it goes on for %v, want %v", late, small.slow)
				}
			},
		},
		"one_of_many": {
			names:    map[string]int{"http": 1, "db": small.points + 2},
			services: "ledger", failed: 1,
			cause: deepest("db", "UNIQUE constraint failed: ledger.entry"),
		},
		"clock": {
			names:    map[string]int{"http": 1, "grpc_client": 3, "grpc": 3, "db": 4},
			services: "gateway stock",
			cause: func(t *testing.T, r *report.Report) {
				for p := range r.Walk() {
					if up := r.Parent(p); p.Name == "grpc" && p.Stop() > up.Start() {
						t.Errorf("a call is served at %v, after it was made at %v", p.Stop(), up.Start())
					}
				}
			},
		},
	}
	for _, tr := range troubles {
		t.Run(tr.name, func(t *testing.T) {
			w, ok := want[tr.name]
			if !ok {
				t.Fatal("nobody says what this trouble promises")
			}
			records, _, err := tr.records(t.Context(), small)
			if err != nil {
				t.Fatal(err)
			}
			r, err := report.Build(each(records))
			if err != nil {
				t.Fatal(err)
			}
			w.check(t, r)
		})
	}
}

func (w planted) check(t *testing.T, r *report.Report) {
	t.Helper()
	names, failed, roots := map[string]int{}, 0, 0
	for p := range r.Walk() {
		if p.Depth == 0 {
			roots++
		}
		if p.Name != "db_connect" { // how many there are is the pool's affair
			names[p.Name]++
		}
		if _, _, ok := r.Failure(p); ok {
			failed++
		}
	}
	if !maps.Equal(names, w.names) {
		t.Errorf("points %v, want %v", names, w.names)
	}
	if failed != w.failed || r.Unfinished() != w.unfinished {
		t.Errorf("%d failed and %d unfinished, want %d and %d", failed, r.Unfinished(), w.failed, w.unfinished)
	}
	services := slices.Sorted(slices.Values(r.Services()))
	if got := strings.Join(services, " "); got != w.services {
		t.Errorf("services %q, want %q", got, w.services)
	}
	if roots != 1 || len(r.Warnings) != 0 {
		t.Errorf("%d roots, warnings %v", roots, r.Warnings)
	}
	if w.cause != nil {
		w.cause(t, r)
	}
}

// labelled is the one point with this name and detail.
func labelled(t *testing.T, r *report.Report, label string) (found *report.Point) {
	t.Helper()
	for p := range r.Walk() {
		if strings.TrimSpace(p.Name+" "+r.Detail(p)) == label {
			if found != nil {
				t.Fatalf("two points are %s", label)
			}
			found = p
		}
	}
	if found == nil {
		t.Fatalf("no point is %s", label)
	}
	return found
}

func atLeast(label string, d time.Duration) func(*testing.T, *report.Report) {
	return func(t *testing.T, r *report.Report) {
		if p := labelled(t, r, label); p.Duration() < d {
			t.Errorf("%s takes %v, want %v", label, p.Duration(), d)
		}
	}
}

func oneAtLeast(name string, d time.Duration) func(*testing.T, *report.Report) {
	return func(t *testing.T, r *report.Report) {
		var longest time.Duration
		for p := range r.Walk() {
			if p.Name == name {
				longest = max(longest, p.Duration())
			}
		}
		if longest < d {
			t.Errorf("the longest %s takes %v, want %v", name, longest, d)
		}
	}
}

// deepest checks the failure that no other one is below of.
func deepest(name, message string) func(*testing.T, *report.Report) {
	return func(t *testing.T, r *report.Report) {
		var at *report.Point
		for p := range r.Walk() {
			if _, _, failed := r.Failure(p); failed && (at == nil || p.Depth > at.Depth) {
				at = p
			}
		}
		if at == nil {
			t.Fatal("nothing failed")
		}
		etype, text, _ := r.Failure(at)
		if text = etype + ": " + text; at.Name != name || !strings.Contains(text, message) {
			t.Errorf("%s failed with %q, want %s with %q", at.Name, text, name, message)
		}
	}
}

// TestKeep: what is kept gives the report that was printed.
func TestKeep(t *testing.T) {
	tr, err := byName("failure")
	if err != nil {
		t.Fatal(err)
	}
	var printed, again bytes.Buffer
	records, planted, err := tr.records(t.Context(), small)
	if err != nil {
		t.Fatal(err)
	}
	if err := show(&printed, tr, planted, records, 80); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(printed.String(), "planted: no such table: reservations") {
		t.Errorf("it is not said what was planted:\n%s", printed.String())
	}
	dir := t.TempDir()
	for path, one := range map[string]bool{filepath.Join(dir, "a", "failure.ndjson"): false, filepath.Join(dir, "b"): true} {
		to := path
		if !one {
			to = filepath.Dir(path)
		}
		if err := keepRecords(to, tr.name, one, records); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		r, err := report.Read(data)
		if err != nil {
			t.Fatal(err)
		}
		again.Reset()
		if err := text.Write(&again, r, report.Options{Width: 80, MaxRows: 40, More: "-keep has them"}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(printed.String(), again.String()) {
			t.Errorf("%s gives\n%swant a part of\n%s", path, again.String(), printed.String())
		}
	}
}

func TestByName(t *testing.T) {
	if _, err := byName("none"); err == nil || !strings.Contains(err.Error(), `"none"`) {
		t.Errorf("err %v, want one that names it", err)
	}
}
