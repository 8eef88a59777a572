package kit

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/record"
)

func until(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestSilent(t *testing.T) {
	l := Limit{"a store", time.Millisecond}
	err := l.Do(t.Context(), until)
	if !errors.Is(err, driver.ErrNoAnswer) || errors.Is(err, context.Canceled) || errors.Is(err, record.ErrNotSent) ||
		!strings.Contains(err.Error(), "a store did not answer within 1ms") {
		t.Errorf("a silent store: %v", err)
	}
	err = l.Do(t.Context(), func(ctx context.Context) error { return errors.Join(record.ErrNotSent, until(ctx)) })
	if !errors.Is(err, driver.ErrNoAnswer) || !errors.Is(err, record.ErrNotSent) {
		t.Errorf("a silent store that was sent nothing: %v", err)
	}
}

// The caller's own end is not the store's fault, and an answer in time is none
// either.
func TestNotSilent(t *testing.T) {
	l := Limit{"a store", time.Hour}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Do(ctx, until); err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}
	for _, want := range []error{nil, errors.New("no such table")} {
		if err := l.Do(t.Context(), func(context.Context) error { return want }); err != want {
			t.Errorf("got %v, want %v", err, want)
		}
	}
}

// The clock runs only while the store is waited for.
func TestPause(t *testing.T) {
	ctx, w := Limit{"a store", time.Hour}.Begin(t.Context())
	w.limit.Time = time.Millisecond
	w.Heard()
	w.Pause()
	if ctx.Err() == nil { // the first may have been over before the pause
		time.Sleep(20 * time.Millisecond)
		if ctx.Err() != nil {
			t.Error("the exchange ended during a pause")
		}
		w.Heard()
	}
	if err := w.End(until(ctx)); !errors.Is(err, driver.ErrNoAnswer) {
		t.Errorf("after the pause: %v", err)
	}
}
