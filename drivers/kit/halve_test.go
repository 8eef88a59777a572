package kit

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/sonde-go/sonde/record"
)

var errBad = errors.New("one of them is bad")

func TestHalve(t *testing.T) {
	for _, tt := range []struct {
		items   string
		dropped string // the x
		stored  string
		calls   int
	}{
		{"a", "", "a", 1},
		{"abcdefgh", "", "abcdefgh", 1},
		{"x", "x", "", 1},
		{"abxd", "x", "abd", 5},
		{"xbcxefx", "xxx", "bcef", 11},
	} {
		calls, dropped, stored := 0, "", ""
		err := Halve([]byte(tt.items), func(some []byte) error {
			calls++
			if slices.Contains(some, 'x') {
				return fmt.Errorf("sent: %w", errBad)
			}
			stored += string(some)
			return nil
		}, func(err error) bool { return errors.Is(err, errBad) }, func(item byte, err error) { dropped += string(item) })
		if err != nil || dropped != tt.dropped || stored != tt.stored || calls != tt.calls {
			t.Errorf("%s: %v, %d calls, stored %s, dropped %s", tt.items, err, calls, stored, dropped)
		}
	}
}

// TestHalveFails: another error ends it, and says that nothing was sent only if
// nothing was.
func TestHalveFails(t *testing.T) {
	for at, unsent := range map[int]bool{1: true, 2: true, 3: false} {
		call := 0
		err := Halve([]int{1, 2}, func([]int) error {
			switch call++; {
			case call == at:
				return fmt.Errorf("%w: %w", record.ErrNotSent, io.ErrUnexpectedEOF)
			case call == 1:
				return errBad
			}
			return nil
		}, func(err error) bool { return errors.Is(err, errBad) }, func(int, error) { t.Error("dropped") })
		if call != at || !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, record.ErrNotSent) != unsent {
			t.Errorf("failing at call %d: %v after %d calls", at, err, call)
		}
	}
	if err := Partly(nil, true); err != nil {
		t.Error(err)
	}
}
