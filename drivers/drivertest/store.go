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

// ask calls each operation once, with a context that has ended or on a closed
// store, and returns the errors.
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

// testCapabilities checks that the store can do what the harness says, and that
// everything else fails with an explanation.
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

// testTerms checks that the driver states its guarantees, in texts that fit into a
// table.
func testTerms(t *testing.T, h Harness) drivers.Terms {
	terms := h.open(t).Terms()
	for name, text := range map[string]string{"Acknowledged": terms.Acknowledged, "Repeated": terms.Repeated, "Forgets": terms.Forgets, "Listed": terms.Listed} {
		if strings.ContainsAny(text, "|\n\r\t") || text == "" && name != "Forgets" && (name != "Listed" || h.can(drivers.List)) {
			t.Errorf("Terms.%s is %q, want one line", name, text)
		}
	}
	return terms
}

// testErrors checks that each error has one type and says in one line which store
// was asked for what.
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
