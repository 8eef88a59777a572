package drivers_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/driver"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type fake struct{ driver.Driver }

func TestOpen(t *testing.T) {
	var gotURL string
	var got drivers.Options
	drivers.Register("fake", func(_ context.Context, url string, o drivers.Options) (driver.Driver, error) {
		gotURL, got = url, o
		if strings.Contains(url, "bad") {
			return nil, errors.New("no such thing")
		}
		return fake{}, nil
	})
	ctx := context.Background()

	if d, err := drivers.Open(ctx, "fake", drivers.Options{ConnectTimeout: time.Second}); err != nil || d.Driver() != (fake{}) {
		t.Fatalf("Open = %v, %v", d, err)
	}
	if gotURL != "fake://" {
		t.Errorf("opener got %q, want fake://", gotURL)
	}
	if got.ConnectTimeout != time.Second || got.SocketTimeout != 10*time.Second || got.SentinelServiceName != "mymaster" || got.Logger == nil {
		t.Errorf("opener got options %+v", got)
	}

	for _, tt := range []struct{ url, want string }{
		{"fake://u:geheim@bad", "open fake://u:***@bad: no such thing"},
		{"redis://:geheim@h", `no driver for redis:// is linked in; add: import _ "github.com/sonde-go/sonde/drivers/redis" (registered: fake, memory)`},
		{"elsewhere://h", "no driver for elsewhere:// (registered: fake, memory)"},
		{"user:geheim@host", "a driver's URL begins with scheme:// (registered: fake, memory)"},
		{"", "a driver's URL begins with scheme:// (registered: fake, memory)"},
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

// TestMissingImports holds that the error for a scheme names the package that
// registers it.
func TestMissingImports(t *testing.T) {
	files, err := filepath.Glob("*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	register := regexp.MustCompile(`drivers\.Register\("([^"]+)"`)
	found := 0
	for _, file := range files {
		pkg := filepath.Dir(file)
		if pkg == "drivertest" || pkg == "driver" || pkg == "memory" || strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range register.FindAllStringSubmatch(string(text), -1) {
			found++
			_, err := drivers.Open(t.Context(), m[1]+"://h", drivers.Options{})
			if want := `"github.com/sonde-go/sonde/drivers/` + pkg + `"`; err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s://: %v, want it to name %s", m[1], err, want)
			}
		}
	}
	if found < 6 {
		t.Errorf("only %d schemes found in %s", found, files)
	}
}
