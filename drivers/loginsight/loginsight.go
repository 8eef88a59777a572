// Package loginsight is the driver that keeps traces in VMware's Log Insight
// (Aria Operations for Logs), as OSProfiler does. Import it for its scheme:
//
//	loginsight://user:password@host[:9543]
//
// Special characters in the user or the password are percent-encoded. The options
// are the common ones; see package drivers. OSProfiler never verifies the server's
// certificate, which corresponds to insecure=true.
//
// Each record is an event with the text "OSProfiler trace", the fields base_id,
// trace_id, project, service and name, and the whole record as JSON in the
// field trace. OSProfiler sends events in clear text to port 9000; this driver
// always uses HTTPS. According to Log Insight's documentation, a field holds 16 KB.
//
// Reading needs a user; writing does not, unless the server is configured so. The
// driver logs in when the server asks for it, and again when the session has ended.
// A trace is read as a whole, up to 20,000 events, which is Log Insight's limit.
// Log Insight can neither list traces (search for the text in its own pages
// instead) nor delete any.
//
// The API is described at https://vmw-loginsight.github.io. The tests could not be
// run against Log Insight itself: they run against a stand-in, and against
// recordings of what OSProfiler sends.
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
	"github.com/sonde-go/sonde/drivers/internal/webstore"
	"github.com/sonde-go/sonde/drivers/kit"
	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/record"
)

func init() {
	drivers.Register(drivers.Scheme{
		Name: "loginsight", Doc: "VMware's Log Insight (Aria Operations for Logs), over HTTPS", Example: "loginsight://user:password@host:9543",
		Import: "github.com/sonde-go/sonde/drivers/loginsight",
		Port:   "9543", TLS: drivers.TLSAlways, Open: open,
	})
}

type store struct {
	client         *webstore.Client
	limit          time.Duration // of one answer
	root           string        // https://host:port
	user, password string
	logger         *slog.Logger
	loggingIn      kit.Mutex
	session        string // its id, "" for none; guarded by loggingIn
}

func open(_ context.Context, u *drivers.URL, o drivers.Options) (driver.Driver, error) {
	h, path, err := u.Server()
	if err != nil {
		return nil, err
	}
	if h.User == "" || h.Password == "" || path != "" {
		return nil, errors.New("want loginsight://user:password@host")
	}
	tls, err := u.TLS()
	if err != nil {
		return nil, err
	}
	d := &store{
		limit:  o.SocketTimeout,
		client: webstore.New(kit.Limit{Store: "Log Insight at " + h.Addr, Time: o.SocketTimeout}, o.ConnectTimeout, tls),
		root:   "https://" + h.Addr,
		user:   h.User, password: h.Password,
		logger:    o.Logger,
		loggingIn: kit.NewMutex(),
	}
	return d, nil
}

// Ping logs in, unless there is a session that is good.
// Terms implements [driver.Promising].
func (d *store) Terms() driver.Terms {
	return driver.Terms{
		Acknowledged: "taken by the server",
		Repeated:     "kept twice; readers ignore the second",
	}
}

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
		return "Log Insight cannot be told to delete events; set the retention of its partitions"
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

// Is makes replies that say that nothing was accepted match record.ErrNotSent.
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
