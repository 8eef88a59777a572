package tail

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"github.com/sonde-go/sonde/internal/jsontext"
)

func TestMark(t *testing.T) {
	v := Verdict{Keep: true, Rule: "errors", Of: 1}
	chance := Verdict{Keep: true, Rule: "probability", Of: 1 / 0.003, Early: "memory"}
	for _, c := range []struct {
		name, info, want string // want "": it cannot be marked
		verdict          Verdict
	}{
		{"an info", `{"host":"h"}`, `{"sonde":{"kept":{"by":"errors","of":1}},"host":"h"}`, v},
		{"an empty info", `{ }`, `{"sonde":{"kept":{"by":"errors","of":1}} }`, v},
		{"info.sonde", `{"a":1,"sonde":{"kind":"server"},"host":"h"}`, `{"a":1,"sonde":{"kept":{"by":"errors","of":1},"kind":"server"},"host":"h"}`, v},
		{"an empty info.sonde", `{"sonde":{}}`, `{"sonde":{"kept":{"by":"errors","of":1}}}`, v},
		{"a share and a cause", `{"host":"h"}`, `{"sonde":{"kept":{"by":"probability","of":333.333,"early":"memory"}},"host":"h"}`, chance},
		{"an info.sonde that is no object", `{"sonde":7,"host":"h"}`, "", v},
	} {
		got, ok := c.verdict.in([]byte(c.info))
		if string(got) != c.want || ok != (c.want != "") {
			t.Errorf("%s: %s, %v, want %s", c.name, got, ok, c.want)
		}
	}
}

// TestWhatIsMarked: the record with which a kept trace begins says so, also when it comes
// again or late, and if there is none the first one; the others are as they were.
func TestWhatIsMarked(t *testing.T) {
	r := request{base: base(1), etype: "E"}
	for _, c := range []struct {
		name        string
		held, later []int // records
		marked      []int
	}{
		{"all", []int{0, 1, 2, 3}, nil, []int{0}},
		{"the root comes last", []int{1, 2, 3, 0}, nil, []int{0}},
		{"the root comes again", []int{0, 1, 2, 3}, []int{0}, []int{0, 0}},
		{"the root comes late", []int{1, 2}, []int{3, 0}, []int{1, 0}},
		{"there is no root", []int{2, 1}, nil, []int{2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock, rules := newClock(), Defaults()
			rules.Errors = true
			d := newDecider(rules, clock, relaxed)
			all := r.events()
			add := func(n int) (Outcome, Batch) {
				b := Batch{Trace: r.base, Events: slices.Clone(r.events()[n : n+1]), Ref: n}
				outcome, _ := d.Add(b)
				return outcome, b
			}
			for _, n := range c.held {
				add(n)
			}
			clock.advance(rules.Quiet)
			kept, _ := d.Settle(0, d.Decided(0))
			for _, n := range c.later {
				outcome, b := add(n)
				if outcome != Kept {
					t.Fatalf("record %d: %v", n, outcome)
				}
				kept = append(kept, b)
			}
			var marked []int
			for _, b := range kept {
				n, e := b.Ref.(int), &b.Events[0]
				if jsontext.Get(e.Info(), "sonde", "kept") != nil {
					marked = append(marked, n)
				} else if string(e.JSON()) != string(all[n].JSON()) {
					t.Errorf("record %d: %s", n, e.JSON())
				}
			}
			if !slices.Equal(marked, c.marked) || len(kept) != len(c.held)+len(c.later) {
				t.Errorf("of %d batches the records %v are marked, want %v", len(kept), marked, c.marked)
			}
		})
	}
}

func FuzzMark(f *testing.F) {
	for _, e := range (&request{base: base(1), etype: "E"}).events() {
		f.Add(string(e.Info()))
	}
	f.Add(`{"sonde":{},"sonde":{"kept":1}}`)
	f.Add(`{"a":[{"sonde":{}}]}`)
	f.Fuzz(func(t *testing.T, info string) {
		if info == "" || jsontext.Skip([]byte(info), 0) != len(info) {
			return // events hold JSON
		}
		v := Verdict{Keep: true, Rule: "rate", Of: 7}
		marked, ok := v.in([]byte(info))
		if !ok {
			return
		}
		if jsontext.Skip(marked, 0) != len(marked) {
			t.Fatalf("%s became %s", info, marked)
		}
		// What Go reads differs by the mark alone; what it cannot read is not compared.
		var was, is map[string]any
		if json.Unmarshal([]byte(info), &was) != nil {
			return
		}
		if err := json.Unmarshal(marked, &is); err != nil {
			t.Fatalf("%s became %s: %v", info, marked, err)
		}
		for key, value := range was {
			if key != "sonde" && !reflect.DeepEqual(value, is[key]) {
				t.Fatalf("%s became %s", info, marked)
			}
		}
	})
}
