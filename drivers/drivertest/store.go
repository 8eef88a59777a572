package drivertest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/header"
)

// ask does each operation once, with a context that has ended or on a store
// that is closed, and returns what they come to.
func ask(ctx context.Context, d *drivers.Store) map[drivers.Op]error {
	id := header.NewID().String()
	_, pruned := d.Prune(ctx, time.Unix(0, 0))
	return map[drivers.Op]error{
		drivers.Read:       last(d.Records(ctx, id)),
		drivers.List:       last(d.Traces(ctx, listAll)),
		drivers.ListErrors: last(d.Traces(ctx, drivers.Query{ErrorsOnly: true})),
		drivers.Delete:     d.Delete(ctx, id),
		drivers.Prune:      pruned,
		drivers.Ping:       d.Ping(ctx),
	}
}

// testCapabilities holds that the store can do what the harness says, and that
// the rest fails with a word on it.
func testCapabilities(t *testing.T, h Harness) {
	d := h.open(t)
	for op, err := range ask(t.Context(), d) {
		if d.Can(op) != h.can(op) {
			t.Errorf("Can(%q) is %v", op, d.Can(op))
		}
		if h.can(op) {
			continue
		}
		wantError(t, string(op), err, errors.ErrUnsupported)
		if words := strings.TrimSuffix(err.Error(), errors.ErrUnsupported.Error()+")"); len(words) < len(string(op)+d.URL())+20 {
			t.Errorf("%s: %q does not say what to do instead", op, err)
		}
	}
}

// testErrors holds that each error is of one type and says in one line what was
// asked of which store.
func testErrors(t *testing.T, h Harness) {
	d := h.open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	errs := ask(ctx, d)
	errs["write"] = d.Notify(ctx, Trace(1, 0))
	for op, err := range errs {
		var e *drivers.Error
		if !errors.As(err, &e) || e.Op != op || e.URL != d.URL() {
			t.Errorf("%s: %#v, want a *drivers.Error of that operation and of %s", op, err, d.URL())
			continue
		}
		if text := err.Error(); !strings.HasPrefix(text, string(op)+" "+d.URL()+": ") || strings.ContainsAny(text, "\n\r\t") {
			t.Errorf("%s: %q, want one line that begins with the operation and the URL", op, text)
		}
	}
}
