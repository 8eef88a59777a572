package drain

import (
	"context"
	"errors"
	"iter"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/record"
)

// identity is what a record is known by in a store: readers ignore a second one.
type identity struct{ trace, point, name string }

func identityOf(e *record.Event) identity {
	return identity{e.Trace().String(), e.Point().String(), e.RecordName()}
}

// present returns which records a store has of some traces. Of a store that cannot be
// read it returns none.
func present(ctx context.Context, s *drivers.Store, traces map[string]bool) (map[identity]bool, error) {
	have := map[identity]bool{}
	gather := func(records iter.Seq2[record.Record, error]) error {
		for r, err := range records {
			var bad *record.BadRecordError
			switch {
			case errors.As(err, &bad): // is none that is looked for
			case err != nil:
				return err
			case traces[r.Trace]:
				kept := r.Clone()
				have[identity{kept.Trace, kept.Point, kept.Name}] = true
			}
		}
		return nil
	}
	switch {
	case s.Can(drivers.ReadAll) && len(traces) > 1:
		return have, gather(s.AllRecords(ctx))
	case s.Can(drivers.Read):
		for trace := range traces {
			if err := gather(s.Records(ctx, trace)); err != nil {
				return nil, err
			}
		}
	}
	return have, nil
}
