package wrapped

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"testing"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestNextRetries: what has happened on a connection, and whether database/sql
// tries a query again if the connection is bad.
func TestNextRetries(t *testing.T) {
	works := func(n *Next) { n.Answered(nil) }
	fails := func(n *Next) { n.Answered(errors.New("no")) }
	skips := func(n *Next) { n.Answered(driver.ErrSkip); n.Skipped("X", header.ID{}, profiler.Point{}) }
	begins := func(n *Next) { n.Begun(true) }
	beginsUnseen := func(n *Next) { n.Begun(false) }
	ends := (*Next).Ended
	pooled := (*Next).Pooled
	tests := []struct {
		name   string
		resets bool
		steps  []func(*Next)
		want   bool
	}{
		{"new", true, nil, false},
		{"worked", true, []func(*Next){works}, true},
		{"failed", true, []func(*Next){fails}, false},
		{"worked, then failed", true, []func(*Next){works, fails}, true},
		{"skipped only", true, []func(*Next){skips}, false},
		{"from the pool", true, []func(*Next){pooled}, true},
		{"in a transaction", true, []func(*Next){works, begins}, false},
		{"a statement in a transaction", true, []func(*Next){works, begins, works}, false},
		{"after a transaction", true, []func(*Next){begins, ends}, true},
		{"a transaction whose end is not seen", true, []func(*Next){works, beginsUnseen, works}, false},
		{"and is over", true, []func(*Next){works, beginsUnseen, works, pooled}, true},
		{"a transaction whose end cannot be seen", false, []func(*Next){works, beginsUnseen, works}, true},
		{"a transaction whose end is seen, no resets", false, []func(*Next){works, begins}, false},
		{"and is over, no resets", false, []func(*Next){works, begins, ends}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			n := Next{resets: test.resets}
			for _, step := range test.steps {
				step(&n)
			}
			if got := n.Retries(); got != test.want {
				t.Errorf("Retries() = %v", got)
			}
			for _, err := range []error{driver.ErrBadConn, fmt.Errorf("lost: %w", driver.ErrBadConn)} {
				if got := n.RetriesAfter(err); got != test.want {
					t.Errorf("RetriesAfter(%v) = %v", err, got)
				}
			}
			if n.RetriesAfter(nil) || n.RetriesAfter(errors.New("no")) {
				t.Error("a query is tried again without need")
			}
		})
	}
}

// TestNextPrepares: a statement that was skipped is prepared next, by the same
// caller, or has come to nothing.
func TestNextPrepares(t *testing.T) {
	for _, test := range []struct {
		name      string
		between   func(n *Next)
		query     string
		same      bool // the caller
		want      bool
		discarded bool
	}{
		{"next", nil, "X", true, true, false},
		{"another statement", nil, "Y", true, false, true},
		{"another caller", nil, "X", false, false, true},
		{"after another call", (*Next).Forget, "X", true, false, true},
		{"after the pool", (*Next).Pooled, "X", true, false, true},
		{"after another that was skipped", func(n *Next) {
			n.Forget()
			n.Skipped("Y", header.ID{}, profiler.Point{})
		}, "X", true, false, true},
		{"a second time", func(n *Next) {
			p, _ := n.Prepares("X", n.skipped.caller)
			p.Discard()
		}, "X", true, false, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			svc, rec := profilertest.New(t, "test")
			ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
			other, q := profiler.Open(ctx, profiler.Opening{Name: "other"})
			_, p := profiler.Open(ctx, profiler.Opening{Name: "db", Held: true})

			var n Next
			n.Skipped("X", Caller(ctx), p)
			if test.between != nil {
				test.between(&n)
			}
			caller := Caller(ctx)
			if !test.same {
				caller = Caller(other)
			}
			got, again := n.Prepares(test.query, caller)
			if again != test.want || got.Active() != test.want {
				t.Errorf("again %v, with a point %v", again, got.Active())
			}
			if _, again := n.Prepares(test.query, caller); again {
				t.Error("it is prepared twice")
			}
			got.Stop()
			q.Stop()
			root.Stop()
			points := 1
			if test.discarded {
				points = 0
			}
			if n := len(rec.Named(t, "db")); n != points {
				t.Errorf("%d points, want %d", n, points)
			}
		})
	}
}

// TestNextUntraced: outside a trace there is no caller to tell calls apart
// by, and no point.
func TestNextUntraced(t *testing.T) {
	if id := Caller(context.Background()); id != (header.ID{}) {
		t.Errorf("the caller is %v", id)
	}
	var n Next
	n.Skipped("X", header.ID{}, profiler.Point{})
	if p, again := n.Prepares("X", header.ID{}); !again || p.Active() {
		t.Errorf("again %v, with a point %v", again, p.Active())
	}
	if _, again := new(Next).Prepares("", header.ID{}); again {
		t.Error("nothing was skipped, and it is prepared")
	}
}
