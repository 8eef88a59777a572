package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/terminal"
	"github.com/sonde-go/sonde/report"
)

type runCmd struct {
	storeFlags
	keyFlags
	formFlags
	Request string        `short:"X" help:"Method; GET, or POST with --data." placeholder:"METHOD"`
	Header  []string      `short:"H" help:"Header of the request; may be repeated." placeholder:"NAME:VALUE" sep:"none"`
	Data    *string       `short:"d" help:"Body of the request, @FILE to read it from a file, @- from standard input." placeholder:"DATA"`
	Timeout time.Duration `help:"How long the answer, and then the trace, may take." default:"10s" placeholder:"DURATION"`
	URL     string        `arg:"" help:"Where to send the request." placeholder:"URL"`
}

func (*runCmd) Help() string {
	return `The trace is complete once each of its points has stopped and nothing more arrives. What
came until the timeout is shown in any case. The answer's body is not.

Examples:

  export SONDE_HMAC_KEY=the-key-of-the-services
  sonde run https://shop.example/api/checkout
  sonde run -X PUT -H 'Content-Type: application/json' -d '{"sku":7}' https://shop.example/api/cart
  sonde run -d @order.json --connection-string redis://localhost:6379/0 http://localhost:8080/order`
}

// quiet is for how long nothing new may arrive before a trace is taken as
// complete: twice as long as a service keeps a record for company.
const quiet = 2 * 100 * time.Millisecond

func (c *runCmd) Run(ctx context.Context, s streams) error {
	keys, err := c.keys()
	if err != nil {
		return err
	}
	id := header.NewID()
	request, err := c.request(s)
	if err != nil {
		return err
	}
	info, mac := keys.Primary().Sign(header.Info{BaseID: id})
	request.Header[header.InfoName], request.Header[header.HMACKey] = []string{info}, []string{mac}
	return c.with(ctx, func(d drivers.Driver) error {
		if _, err := c.records(ctx, d, id); err != nil {
			return err // before the request is made for nothing
		}
		if err := c.send(ctx, request, s); err != nil {
			return err
		}
		return c.show(ctx, d, id, s)
	})
}

func (c *runCmd) request(s streams) (*http.Request, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("want a URL that begins with http:// or https://")
	}
	method := http.MethodGet
	var body io.Reader
	if c.Data != nil {
		method = http.MethodPost
		if body, err = c.body(s); err != nil {
			return nil, err
		}
	}
	if c.Request != "" {
		method = c.Request
	}
	r, err := http.NewRequest(method, c.URL, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("User-Agent", "sonde")
	if body != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, h := range c.Header {
		name, value, ok := strings.Cut(h, ":")
		if !ok {
			return nil, fmt.Errorf("header %q has no colon", h)
		}
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if strings.EqualFold(name, "Host") {
			r.Host = value
			continue
		}
		r.Header.Set(name, value)
	}
	return r, nil
}

func (c *runCmd) body(s streams) (io.Reader, error) {
	file, ok := strings.CutPrefix(*c.Data, "@")
	if !ok {
		return strings.NewReader(*c.Data), nil
	}
	read := func() ([]byte, error) { return os.ReadFile(file) }
	if file == "-" {
		read = func() ([]byte, error) { return io.ReadAll(s.in) }
	}
	data, err := read()
	return strings.NewReader(string(data)), err
}

// send makes the request and says how it was answered.
func (c *runCmd) send(ctx context.Context, r *http.Request, s streams) error {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	defer transport.CloseIdleConnections()
	client := &http.Client{
		Transport: transport,
		// Elsewhere the headers are nobody's business.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	began := time.Now()
	response, err := client.Do(r.WithContext(ctx))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	n, err := io.Copy(io.Discard, response.Body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", r.Method, r.URL.Redacted(), err)
	}
	fmt.Fprintf(s.err, "%s %s: %s, %d bytes in %v\n", r.Method, terminal.Clean(r.URL.Redacted()), terminal.Clean(response.Status), n, time.Since(began).Round(100*time.Microsecond))
	return nil
}

func (c *runCmd) records(ctx context.Context, d drivers.Driver, id header.ID) (*report.Report, error) {
	r, err := report.Build(d.Records(ctx, id.String()))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.name(), err)
	}
	return r, nil
}

// show waits until the trace is complete and writes it.
func (c *runCmd) show(ctx context.Context, d drivers.Driver, id header.ID, s streams) error {
	r, err := c.wait(ctx, d, id)
	if err != nil {
		return err
	}
	if len(r.Points) == 0 {
		return fmt.Errorf("no record of trace %s in %s after %v: has the service this HMAC key, and this store?", id, c.name(), c.Timeout)
	}
	if err := c.write(r, s); err != nil {
		return err
	}
	if n := r.Unfinished(); n > 0 {
		return fmt.Errorf("trace %s is not complete after %v: %d of %d points have no stop", id, c.Timeout, n, len(r.Points))
	}
	return nil
}

// wait reads the trace again and again, until it is complete or the time is up.
func (c *runCmd) wait(ctx context.Context, d drivers.Driver, id header.ID) (*report.Report, error) {
	end := time.Now().Add(c.Timeout)
	records, since := 0, time.Now()
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, 500*time.Millisecond) {
		r, err := c.records(ctx, d, id)
		if err != nil {
			return nil, err
		}
		now := time.Now()
		if r.Records != records {
			records, since = r.Records, now
		}
		complete := len(r.Points) > 0 && r.Unfinished() == 0
		if complete && now.Sub(since) >= quiet || !now.Before(end) {
			return r, nil
		}
		if complete {
			pause = min(pause, quiet/4)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(min(pause, time.Until(end))):
		}
	}
}
