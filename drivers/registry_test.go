package drivers_test

import (
	"context"
	"errors"
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
	var got drivers.Options
	var gotURL *drivers.URL
	drivers.Register(drivers.Scheme{
		Name: "fake", Secure: "fakes", Aliases: []string{"fake+x"}, Port: "99",
		Options: []drivers.Option{{Name: "size", Kind: drivers.Count, Default: "3"}, {Name: "pin", Secret: true}, {Name: "h.*", Secret: true}},
		Open: func(_ context.Context, u *drivers.URL, o drivers.Options) (driver.Driver, error) {
			gotURL, got = u, o
			if strings.Contains(u.Place, "bad") {
				return nil, errors.New("no such thing")
			}
			return fake{}, nil
		},
	})
	ctx := context.Background()

	if d, err := drivers.Open(ctx, "fake", drivers.Options{ConnectTimeout: time.Second}); err != nil || d.Driver() != (fake{}) {
		t.Fatalf("Open = %v, %v", d, err)
	}
	if gotURL.Scheme != "fake" || gotURL.Place != "" || gotURL.UsesTLS() {
		t.Errorf("opener got %+v", gotURL)
	}
	if got.ConnectTimeout != time.Second || got.SocketTimeout != 10*time.Second || got.Logger == nil {
		t.Errorf("opener got options %+v", got)
	}

	// What is an option: the URL first, then Options, then the default.
	o := drivers.Options{SocketTimeout: time.Minute, Params: map[string]string{"size": "4", "other": "of another store"}}
	for url, want := range map[string]struct {
		socket time.Duration
		size   int
		tls    bool
	}{
		"fake://h?socket_timeout=2s&size=5":              {2 * time.Second, 5, false},
		"fake+x://h?socket_timeout=1.5":                  {1500 * time.Millisecond, 4, false},
		"fakes://h?tls_server_name=x&ssl_cert_reqs=none": {time.Minute, 4, true},
	} {
		if _, err := drivers.Open(ctx, url, o); err != nil || got.SocketTimeout != want.socket || gotURL.Count("size") != want.size || gotURL.UsesTLS() != want.tls {
			t.Errorf("%s: %v, socket_timeout %v, size %d, TLS %v", url, err, got.SocketTimeout, gotURL.Count("size"), gotURL.UsesTLS())
		}
	}
	for name, value := range map[string]string{"size": "many", "insecure": "true", "socket_timeout": "0"} {
		if _, err := drivers.Open(ctx, "fake://h", drivers.Options{Params: map[string]string{name: value}}); err == nil || !strings.Contains(err.Error(), "option "+name+" ") {
			t.Errorf("%s=%s among Params: %v", name, value, err)
		}
	}
	if c, err := gotURL.TLS(); gotURL.UsesTLS() && (err != nil || c.ServerName != "x" || !c.InsecureSkipVerify) {
		t.Errorf("TLS: %+v, %v", c, err)
	}

	const registered = " (registered: fake, fake+x, fakes, memory"
	for _, tt := range []struct{ url, want string }{
		{"fake://u:geheim@bad", "open fake://u:***@bad: no such thing"},
		{"fake://h?pin=geheim&h.a=geheim&surprise=1", `open fake://h?pin=***&h.a=***&surprise=1: unknown option "surprise"; there are: ` +
			"connect_timeout, h.*, insecure, pin, size, socket_timeout, tls_ca, tls_cert, tls_key, tls_server_name"},
		{"fake://h?size=0", "open fake://h?size=0: option size is not a whole number above 0"},
		{"fake://h?size=1&size=2", "open fake://h?size=1&size=2: option size is given twice"},
		{"fakes://h?tls_ca=a&ssl_ca_certs=b", "open fakes://h?tls_ca=a&ssl_ca_certs=b: option "},
		{"fake://h?socket_timeout=soon", "open fake://h?socket_timeout=soon: option socket_timeout is not a duration above 0, such as 90s, nor a number of seconds"},
		{"fakes://h?insecure=perhaps", "open fakes://h?insecure=perhaps: option insecure is neither true nor false"},
		{"fake://h?ssl_ca_certs=x", "open fake://h?ssl_ca_certs=x: option tls_ca belongs to TLS: use fakes://"},
		{"memory://?size=1", "open memory://?size=1: memory:// has no options"},
		{"fake://:geheim?x@h?size=1", `open fake://***: `}, // a password that was to be escaped
		{"fake://h?%zz", "open fake://h?%zz: the options after ? are not of the form name=value&name=value with special characters percent-encoded"},
		{"redis://:geheim@h", `no driver for redis:// is linked in; add: import _ "github.com/sonde-go/sonde/drivers/redis"` + registered},
		{"elsewhere://h", "no driver for elsewhere://" + registered},
		{"user:geheim@host", "a driver's URL begins with scheme://" + registered},
		{"", "a driver's URL begins with scheme://" + registered},
	} {
		_, err := drivers.Open(ctx, tt.url, drivers.Options{})
		if strings.Contains(tt.url, "?x@") && err == nil { // it is the driver that reads the place
			_, _, err = gotURL.Servers()
			if err == nil || strings.Contains(err.Error(), "geheim") {
				t.Errorf("%s: %v", tt.url, err)
			}
			continue
		}
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("Open(%q): %v\nwant %s", tt.url, err, tt.want)
		}
	}

	defer func() {
		if recover() == nil {
			t.Error("a scheme could be registered twice")
		}
	}()
	drivers.Register(drivers.Scheme{Name: "new", Aliases: []string{"fake"}})
}
