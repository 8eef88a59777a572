package traces

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/terminal"
	"github.com/sonde-go/sonde/record"
)

// Last stands for the newest trace wherever an id is taken.
const Last = "last"

// mostCandidates is how many ids the error of an ambiguous one lists.
const mostCandidates = 5

// mostShown is how many columns of such an id are shown.
const mostShown = 60

// Resolve is the id of the trace that text means: its id, the beginning of it, or
// "last". What no trace begins with is returned as it is: it is not found where it
// is looked for.
func Resolve(ctx context.Context, d *drivers.Store, text string) (string, error) {
	if IsUUID(text) {
		return text, nil
	}
	if text == Last {
		for t, err := range d.Traces(ctx, drivers.Query{Limit: 1}) {
			return t.ID, err
		}
		return "", fmt.Errorf("there are no traces in %s", d.URL())
	}
	switch known, err := exists(ctx, d, text); {
	case err != nil:
		return "", err
	case known || !d.Can(drivers.List):
		return text, nil
	}
	var candidates []string
	for t, err := range d.Traces(ctx, drivers.Query{}) {
		switch {
		case err != nil:
			return "", err
		case !strings.HasPrefix(t.ID, text):
		case len(candidates) == mostCandidates:
			return "", ambiguous(text, append(candidates, "…"))
		default:
			candidates = append(candidates, t.ID)
		}
	}
	switch len(candidates) {
	case 0:
		return text, nil
	case 1:
		return candidates[0], nil
	}
	return "", ambiguous(text, candidates)
}

// IsUUID reports whether s is a UUID as trace ids are written.
func IsUUID(s string) bool {
	id, err := header.ParseID(s)
	_, uuid := id.UUID()
	return err == nil && uuid
}

func ambiguous(text string, candidates []string) error {
	for i, id := range candidates {
		candidates[i] = terminal.Cut(terminal.Clean(id), mostShown)
	}
	return fmt.Errorf("%q begins the ids of several traces: %s", text, strings.Join(candidates, ", "))
}

// exists says whether the store has a record of a trace.
func exists(ctx context.Context, d *drivers.Store, id string) (bool, error) {
	for _, err := range d.Records(ctx, id) {
		var bad *record.BadRecordError
		if err != nil && !errors.As(err, &bad) {
			return false, err
		}
		return true, nil
	}
	return false, nil
}
