package watchdog

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// bitten is a test that only notes why it failed.
type bitten struct {
	testing.TB
	why string
}

func (b *bitten) Helper()                           {}
func (b *bitten) Fatalf(format string, args ...any) { b.why = fmt.Sprintf(format, args...) }

func TestWatchdog(t *testing.T) {
	defer func(old time.Duration) { limit = old }(limit)
	never := make(chan int)
	limit = time.Millisecond
	for what, wait := range map[string]func(testing.TB){
		"a value": func(t testing.TB) { Await(t, "a value", never) },
		"a taker": func(t testing.TB) { Send(t, "a taker", never, 1) },
		"a state": func(t testing.TB) { Until(t, "a state", func() bool { return false }) },
	} {
		b := &bitten{TB: t}
		wait(b)
		if !strings.HasPrefix(b.why, "waited for "+what+" in vain\n") || !strings.Contains(b.why, "TestWatchdog") {
			t.Errorf("%s: %q", what, b.why)
		}
	}

	limit = time.Hour
	one := make(chan int, 1)
	Send(t, "a taker", one, 7)
	if v := Await(t, "a value", one); v != 7 {
		t.Errorf("received %d", v)
	}
	close(one)
	if v := Await(t, "the end", one); v != 0 {
		t.Errorf("received %d of a closed channel", v)
	}
	asked := 0
	Until(t, "the third time", func() bool { asked++; return asked == 3 })
}
