// Package loginsight is the driver that keeps traces in VMware's Log Insight
// (Aria Operations for Logs), as OSProfiler does. Import it for its scheme:
//
//	loginsight://user:password@host[:9543]
//
// What is special in the user or the password is written percent-encoded.
// Options in the URL's query:
//
//	ssl_ca_certs=FILE  PEM file of the authorities to trust
//	insecure=true      do not verify the server's certificate: whoever is in
//	                   between can read the password and the traces. OSProfiler
//	                   never verifies it.
//
// Each record is an event with the text "OSProfiler trace", the fields base_id,
// trace_id, project, service and name, and the whole record as JSON in the
// field trace. OSProfiler sends events in clear text to port 9000; here all goes
// over HTTPS. By Log Insight's documentation a field holds 16 KB.
//
// Reading needs a user, writing does not unless the server is set so; the
// driver logs in when it is asked to, and again when the session has ended. A
// trace is read whole, at most 20,000 events of it, which is Log Insight's
// limit. Log Insight cannot list traces (search for the text in its own pages
// instead) nor delete any.
//
// The API is described at https://vmw-loginsight.github.io. There is no Log
// Insight that tests could be run against: they run against a stand-in and
// against what OSProfiler was recorded to send.
package loginsight

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/drivers/internal/answer"
	"github.com/sonde-go/sonde/drivers/internal/webstore"
	"github.com/sonde-go/sonde/drivers/kit"
	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/record"
)

func init() { drivers.Register("loginsight", open) }

type store struct {
	client         *webstore.Client
	limit          time.Duration // of one answer
	root           string        // https://host:port
	user, password string
	logger         *slog.Logger
	loggingIn      kit.Mutex
	session        string // its id, "" for none; guarded by loggingIn
}

func open(_ context.Context, url string, o drivers.Options) (driver.Driver, error) {
	a, err := webstore.Parse(url, "9543", "insecure", "ssl_ca_certs")
	if err != nil {
		return nil, err
	}
	if a.User == "" || a.Password == "" || a.Path != "" {
		return nil, errors.New("want loginsight://user:password@host")
	}
	insecure := a.Options.Get("insecure")
	if insecure != "" && insecure != "true" && insecure != "false" {
		return nil, errors.New("insecure is true or false")
	}
	tls, err := kit.TLS(a.Options.Get("ssl_ca_certs"), insecure == "true")
	if err != nil {
		return nil, fmt.Errorf("ssl_ca_certs: %w", err)
	}
	d := &store{
		limit:  o.SocketTimeout,
		client: webstore.New(answer.Limit{Store: "Log Insight at " + a.Host, Time: o.SocketTimeout}, o.ConnectTimeout, tls),
		root:   "https://" + a.Host,
		user:   a.User, password: a.Password,
		logger:    o.Logger,
		loggingIn: kit.NewMutex(),
	}
	return d, nil
}

// Ping logs in, unless there is a session that is good.
func (d *store) Ping(ctx context.Context) error {
	_, err := d.asUser(ctx, webstore.Request{Method: http.MethodGet, URL: d.root + "/api/v1/sessions/current"})
	return err
}

// Lacks says what to do instead.
func (d *store) Lacks(op driver.Op) string {
	switch op {
	case driver.List, driver.ListErrors:
		return `Log Insight cannot list traces; search its Interactive Analytics for the text "OSProfiler trace"`
	case driver.Delete, driver.Prune:
		return "Log Insight cannot be told to forget events; set the retention of its partitions"
	}
	return ""
}

func (d *store) Close() error { return d.client.Close() }

// statusError is a reply that is not one of success.
type statusError struct {
	status int
	text   string
}

func newStatusError(r *webstore.Reply) *statusError {
	text, ok := jsontext.Text(jsontext.Get(r.Body, "errorMessage"))
	if !ok {
		text = http.StatusText(r.Status)
	}
	return &statusError{r.Status, webstore.Line([]byte(text))}
}

func (e *statusError) Error() string {
	return fmt.Sprintf("Log Insight answers %d: %s", e.status, e.text)
}

// Is makes those replies ErrNotSent that say that nothing was taken.
func (e *statusError) Is(target error) bool {
	if target != record.ErrNotSent {
		return false
	}
	switch e.status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests, statusLoginTimeout:
		return true
	}
	return false
}
