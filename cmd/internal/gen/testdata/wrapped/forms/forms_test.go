package forms

import (
	"context"
	"testing"
	"time"
)

// slog is what an import is called elsewhere.
const slog = 0

type asker struct{}

func (asker) Ask(_ context.Context, question string) (string, error) { return question + "!", nil }

// TestForms: the wrappers reach the originals.
func TestForms(t *testing.T) {
	var c Counter
	traced := NewCounterTraced(&c)
	traced.Add(t.Context(), 2)
	if got := traced.Get(t.Context()); got != 2 || c != 2 {
		t.Errorf("%d, and the original has %d", got, c)
	}
	both := newBothSpy(&Both{&c, NewAskerTraced(asker{})})
	both.Add(t.Context(), slog+1)
	if answer, err := both.Ask(t.Context(), "why"); answer != "why!" || err != nil || c != 3 {
		t.Error(answer, err, c)
	}
	var p Params[time.Duration, int, int, string, int]
	NewParamsTraced(&p).Keep(t.Context(), time.Second, 1, "")
	if p.last != time.Second {
		t.Error(p.last)
	}
	if err := NewÄtherTraced(&Äther{}).Äther(t.Context()); err != nil {
		t.Error(err)
	}
}
