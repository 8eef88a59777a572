package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/ui"
)

type uiCmd struct {
	StoreFlags
	Listen string   `help:"Address to listen on, with port 0 for any free one; ${default}. If it is not a loopback address, a token is required: it is in the URL that is printed." default:"127.0.0.1:7466" placeholder:"HOST:PORT"`
	Host   []string `help:"Another name by which browsers reach the viewer, such as that of a proxy; may be repeated. Addresses in figures and localhost need none." placeholder:"NAME"`
	Open   bool     `help:"Show it in the browser."`
}

func (*uiCmd) Help() string {
	return `Pages for a browser over the traces of a store: a list with search, filters and new traces as they
come; a trace; the difference of two; statistics of many. A file that is dropped on the list is
shown, in any form that "trace show" reads. The URL is printed on standard output. Ctrl-C ends it.

It only reads. At a loopback address everybody on this machine can see the traces; at another one
a token is needed, but what goes over the network is not encrypted. To look from elsewhere, leave
the viewer where it is and use ssh -L.

The same answers in JSON are at /api/v1, which /api/v1/openapi.json describes; see docs/ui.md.

Examples:

  sonde ui
  sonde ui --open --connection-string redis://localhost:6379/0
  sonde ui --listen 127.0.0.1:0
  ssh -L 7466:localhost:7466 host sonde ui
  sonde ui --listen 0.0.0.0:7466 --host traces.example
  curl -s http://127.0.0.1:7466/api/v1/traces?error-trace=true`
}

// Timeouts of the server. There is none for a whole answer: some are followed for
// hours, and the others have one of their own.
const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	drainTimeout  = 2 * time.Second
)

func (c *uiCmd) Run(ctx context.Context, s streams) error {
	return c.with(ctx, func(d *drivers.Store) error {
		if err := answers(ctx, d); err != nil {
			return err
		}
		l, err := c.listen(ctx)
		if err != nil {
			return err
		}
		addr := l.Addr().(*net.TCPAddr)
		o := c.options(addr)
		to := viewerURL(addr, o)
		fmt.Fprintln(s.out, to)
		fmt.Fprintf(s.err, "sonde: the traces of %s; Ctrl-C ends\n", d.URL())
		if o.Token != "" {
			fmt.Fprintln(s.err, "sonde: what goes over the network is not encrypted, nor is the token in this URL")
		}
		if c.Open {
			browse(ctx, s, to)
		}
		return serveUntil(ctx, l, ui.New(d, o))
	})
}

// answers is nil if the store does.
func answers(ctx context.Context, d *drivers.Store) error {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	for _, err := range d.Traces(ctx, drivers.Query{Limit: 1}) {
		if !errors.Is(err, errors.ErrUnsupported) { // its traces can be looked at by their ids
			return err
		}
	}
	return nil
}

func (c *uiCmd) listen(ctx context.Context) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		host, _, _ := net.SplitHostPort(c.Listen)
		return nil, fmt.Errorf("%s is in use, perhaps by another sonde ui: give --listen %s for a free port", c.Listen, net.JoinHostPort(host, "0"))
	}
	return l, err
}

// options say who may use a viewer that listens on an address.
func (c *uiCmd) options(addr *net.TCPAddr) ui.Options {
	o := ui.Options{Hosts: c.Host}
	if host, _, err := net.SplitHostPort(c.Listen); err == nil && host != "" {
		o.Hosts = append(o.Hosts, host)
	}
	if !addr.IP.IsLoopback() {
		o.Token = ui.Token()
	}
	return o
}

// viewerURL is where a browser finds the viewer: by the first of its names where the
// address says nothing.
func viewerURL(addr *net.TCPAddr, o ui.Options) string {
	host := addr.IP.String()
	if addr.IP.IsUnspecified() {
		host = "localhost"
		if len(o.Hosts) > 0 && net.ParseIP(o.Hosts[0]) == nil {
			host = o.Hosts[0]
		}
	}
	u := url.URL{Scheme: "http", Host: net.JoinHostPort(host, fmt.Sprint(addr.Port)), Path: "/"}
	if o.Token != "" {
		u.RawQuery = url.Values{"token": {o.Token}}.Encode()
	}
	return u.String()
}

// serveUntil serves until ctx ends, which ends what browsers follow too.
func serveUntil(ctx context.Context, l net.Listener, h http.Handler) error {
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout,
		BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog:    log.New(io.Discard, "", 0), // of connections that broke off
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	if server.Shutdown(drain) != nil {
		server.Close()
	}
	<-done
	return nil
}

// browse shows a URL in the browser of the user, and says so if it cannot.
func browse(ctx context.Context, s streams, to string) {
	name, args := "xdg-open", []string{to}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", to}
	}
	var said strings.Builder
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		first, _, _ := strings.Cut(said.String(), "\n")
		fmt.Fprintf(s.err, "sonde: %s cannot show it: %s\n", name, cmp.Or(first, err.Error()))
	}
}
