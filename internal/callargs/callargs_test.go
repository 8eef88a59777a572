package callargs_test

import (
	"context"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/sonde-go/sonde/internal/callargs"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type (
	name    string
	id      [2]byte
	text    struct{ String, hidden string }
	hides   struct{ at time.Time }
	endless *endless
)

func round() (e endless) {
	e = &e
	return e
}

var (
	seven  = 7
	when   = time.Unix(1, 2)
	noText *string
)

func TestLeaves(t *testing.T) {
	for _, test := range []struct {
		value any
		want  []any // nil: not understood
	}{
		{nil, []any{nil}},
		{noText, []any{nil}},
		{[]int(nil), []any{nil}},
		{&seven, []any{int64(7)}},
		{uint8(7), []any{int64(7)}},
		{float32(1.5), []any{1.5}},
		{name("a"), []any{"a"}},
		{true, []any{true}},
		{[]byte("ab"), []any{[]byte("ab")}},
		{id{1, 2}, []any{int64(2), int64(1), int64(2)}},
		{[]any{"a", nil}, []any{int64(2), "a", nil}},
		{text{"a", "b"}, []any{"a", "b"}},
		{&when, []any{when}},
		{hides{when}, nil},
		{map[string]int{}, nil},
		{func() {}, nil},
		{make([]int, 1000), nil},
		{round(), nil},
	} {
		var got []any
		ok := callargs.Leaves(test.value, func(leaf any) { got = append(got, leaf) })
		if ok != (test.want != nil) || ok && !reflect.DeepEqual(got, test.want) {
			t.Errorf("%#v: %#v %v, want %#v", test.value, got, ok, test.want)
		}
	}
}

func TestSimple(t *testing.T) {
	list, one := []string{"a"}, [1]string{"a"}
	for _, test := range []struct{ value, want any }{
		{nil, nil}, {"a", "a"}, {7, int64(7)}, {&seven, int64(7)}, {noText, nil}, {name("a"), "a"}, {&when, when},
		{list, list}, {one, one}, {text{"a", "b"}, text{"a", "b"}}, {struct{ S string }{"a"}, struct{ S string }{"a"}},
	} {
		if got := callargs.Simple(test.value); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%#v: %#v, want %#v", test.value, got, test.want)
		}
	}
	if e := round(); callargs.Simple(e) != any(e) {
		t.Error("a pointer to itself is simple")
	}
}

// TestHash: values that are sent alike have one hash, others have others, and so has
// another trace.
func TestHash(t *testing.T) {
	svc, _ := profilertest.New(t, "test")
	sum := func(ctx context.Context, values ...any) uint64 {
		h := callargs.Begin(ctx, 1)
		for _, v := range values {
			if !h.Add(v) {
				t.Errorf("%#v is not understood", v)
			}
		}
		return h.Sum()
	}
	a, first := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	defer first.Stop()
	b, second := svc.Begin(context.Background(), profiler.Opening{Name: "root"})
	defer second.Stop()
	var all []uint64
	for _, values := range [][]any{
		{}, {nil}, {"a"}, {"a", "b"}, {"b", "a"}, {[]string{"a", "b"}}, {[]string{"a"}, "b"}, {1}, {1.0}, {true}, {when}, {text{"a", ""}}, {text{"", "a"}},
	} {
		h := sum(a, values...)
		if h != sum(a, values...) {
			t.Errorf("%#v has two hashes", values)
		}
		if slices.Contains(all, h) || h == sum(b, values...) || h >= 1<<48 {
			t.Errorf("%#v: %d", values, h)
		}
		all = append(all, h)
	}
	if h := callargs.Begin(a, 1); h.Add(func() {}) {
		t.Error("a function is understood")
	}
}
