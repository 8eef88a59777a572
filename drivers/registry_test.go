package drivers_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type fake struct{ drivers.Driver }

func TestOpen(t *testing.T) {
	var gotURL string
	var got drivers.Options
	drivers.Register("fake", func(_ context.Context, url string, o drivers.Options) (drivers.Driver, error) {
		gotURL, got = url, o
		if strings.Contains(url, "bad") {
			return nil, errors.New("no such thing")
		}
		return fake{}, nil
	})
	ctx := context.Background()

	if d, err := drivers.Open(ctx, "fake", drivers.Options{ConnectTimeout: time.Second}); err != nil || d != (fake{}) {
		t.Fatalf("Open = %v, %v", d, err)
	}
	if gotURL != "fake://" {
		t.Errorf("opener got %q, want fake://", gotURL)
	}
	if got.ConnectTimeout != time.Second || got.SocketTimeout != 100*time.Millisecond || got.SentinelServiceName != "mymaster" || got.Logger == nil {
		t.Errorf("opener got options %+v", got)
	}

	for _, tt := range []struct{ url, want string }{
		{"fake://u:geheim@bad", "open fake://u:***@bad: no such thing"},
		{"redis://:geheim@h", `no driver for redis:// is linked in; add: import _ "github.com/sonde-go/sonde/drivers/redis" (registered: fake)`},
		{"elsewhere://h", "no driver for elsewhere:// (registered: fake)"},
		{"user:geheim@host", "a driver's URL begins with scheme:// (registered: fake)"},
		{"", "a driver's URL begins with scheme:// (registered: fake)"},
	} {
		if _, err := drivers.Open(ctx, tt.url, drivers.Options{}); err == nil || err.Error() != tt.want {
			t.Errorf("Open(%q): %v\nwant %s", tt.url, err, tt.want)
		}
	}

	defer func() {
		if recover() == nil {
			t.Error("a scheme could be registered twice")
		}
	}()
	drivers.Register("fake", nil)
}
