package kit

import (
	"errors"

	"github.com/sonde-go/sonde/record"
)

// Halve sends items of which the store may refuse some for good without saying
// which. If refused reports this for the error of send, Halve sends each half
// separately, and so on down to single items, for which it calls drop. Any other
// error ends it and is returned, without record.ErrNotSent if something was sent
// before.
func Halve[T any](items []T, send func([]T) error, refused func(error) bool, drop func(T, error)) error {
	err := send(items)
	switch {
	case err == nil || !refused(err):
		return err
	case len(items) == 1:
		drop(items[0], err)
		return nil
	}
	half := len(items) / 2
	if err := Halve(items[:half], send, refused, drop); err != nil {
		return err
	}
	return Partly(Halve(items[half:], send, refused, drop), true)
}

// Partly returns err, the error of a part of a batch, but hides record.ErrNotSent
// in it if sent says that another part was sent before.
func Partly(err error, sent bool) error {
	if err != nil && sent {
		return partly{err}
	}
	return err
}

// partly is an error that hides record.ErrNotSent.
type partly struct{ error }

func (e partly) Is(target error) bool {
	return target != record.ErrNotSent && errors.Is(e.error, target)
}

// As lets errors.As look through e.
func (e partly) As(target any) bool { return errors.As(e.error, target) }
