package cli

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/record"
)

// runningTrace is a trace of a store whose point has not ended.
func runningTrace(t *testing.T) (url, id string, stop func()) {
	t.Helper()
	url = "sqlite:///" + filepath.Join(t.TempDir(), "sonde.db")
	d, err := drivers.Open(t.Context(), url, drivers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	base := header.NewID()
	f := record.Fields{Name: "import", Trace: base, Parent: base, Point: header.NewID(), Project: "shop", Service: "cart", Host: "h", Time: time.Now().UnixNano(), Info: []byte(`{"host":"h"}`)}
	notify := func() {
		if err := d.Notify(context.Background(), []record.Event{record.New(f)}); err != nil {
			t.Fatal(err)
		}
	}
	notify()
	return url, base.String(), func() {
		f.Phase, f.Time = record.Stop, f.Time+int64(1500*time.Millisecond)
		notify()
	}
}

// live calls trace show --live and returns how it ended.
func live(ctx context.Context, s streams, url, id string) <-chan int {
	code := make(chan int, 1)
	go func() { code <- run(ctx, []string{"trace", "show", id, "--live", "--connection-string", url}, s) }()
	return code
}

// TestLive follows a trace on a terminal until its root has ended, and leaves the
// report on it.
func TestLive(t *testing.T) {
	t.Setenv("NO_COLOR", "1")
	url, id, stop := runningTrace(t)
	tt := newPTY(t, 80, 40)
	var stderr strings.Builder
	ended := live(t.Context(), streams{strings.NewReader(""), tt.File, &stderr}, url, id)
	eventually(t, "the trace is shown while it runs", func() bool { return strings.Contains(tt.text(), " so far, 1 point") })
	stop()
	if code := <-ended; code != exitFine || stderr.Len() > 0 {
		t.Errorf("exit %d, stderr %q", code, stderr.String())
	}
	during, after, left := strings.Cut(tt.end(), leaveScreen)
	if !left || !strings.HasPrefix(during, enterScreen+fromTheTop+"import in cart, ") || !strings.HasPrefix(after, "import in cart, 1.50 s, 1 point") {
		t.Errorf("during %q, after %q", during, after)
	}
}

// TestLiveInterrupted: on Ctrl-C the report is what there is by then, and what is
// not a terminal is told only that.
func TestLiveInterrupted(t *testing.T) {
	url, id, _ := runningTrace(t)
	ctx, interrupt := context.WithCancel(t.Context())
	var out, stderr strings.Builder
	ended := live(ctx, streams{strings.NewReader(""), &out, &stderr}, url, id)
	interrupt()
	if code := <-ended; code != exitFine || stderr.Len() > 0 || strings.Count(out.String(), "import in cart") != 1 || strings.Contains(out.String(), "\x1b") ||
		!strings.Contains(out.String(), "import (cart) has not ended: running for ") || strings.Contains(out.String(), "at least") {
		t.Errorf("exit %d, stderr %q, %q", code, stderr.String(), out.String())
	}
}

func TestLiveNeedsAStore(t *testing.T) {
	command(t, "trace", "show", "no trace/file", "--live").checkFails(t, exitFailed, "^sonde: --live needs the id of a trace in a store: ")
}
