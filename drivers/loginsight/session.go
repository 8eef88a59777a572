package loginsight

import (
	"context"
	"errors"
	"net/http"

	"github.com/sonde-go/sonde/drivers/internal/webstore"
	"github.com/sonde-go/sonde/internal/jsontext"
)

// statusLoginTimeout says that a session has ended.
const statusLoginTimeout = 440

// send sends a request in a session, or in none if it is "".
func (d *store) send(ctx context.Context, r webstore.Request, session string) (*webstore.Reply, error) {
	r.Header = http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}}
	if session != "" {
		r.Header.Set("X-LI-Session-Id", session)
		r.Header.Set("Authorization", "Bearer "+session) // as newer versions document it
	}
	reply, err := d.client.Do(ctx, r)
	if err != nil {
		return nil, err
	}
	if reply.Status/100 != 2 {
		return nil, newStatusError(reply)
	}
	return reply, nil
}

// asUser sends a request in a session, and once more in a new one if that has
// ended.
func (d *store) asUser(ctx context.Context, r webstore.Request) (*webstore.Reply, error) {
	session, err := d.login(ctx, "")
	if err != nil {
		return nil, err
	}
	reply, err := d.send(ctx, r, session)
	if !wantsLogin(err) {
		return reply, err
	}
	if session, err = d.login(ctx, session); err != nil {
		return nil, err
	}
	return d.send(ctx, r, session)
}

func wantsLogin(err error) bool {
	var status *statusError
	return errors.As(err, &status) && (status.status == statusLoginTimeout || status.status == http.StatusUnauthorized)
}

// login returns the id of a session other than ended.
func (d *store) login(ctx context.Context, ended string) (session string, err error) {
	if err := d.loggingIn.Lock(ctx); err != nil {
		return "", err
	}
	defer d.loggingIn.Unlock()
	if d.session != ended {
		return d.session, nil
	}
	d.session = ""
	body := jsontext.AppendString([]byte(`{"username":`), d.user)
	body = jsontext.AppendString(append(body, `,"password":`...), d.password)
	reply, err := d.send(ctx, webstore.Request{Method: http.MethodPost, URL: d.root + "/api/v1/sessions", Body: append(body, '}')}, "")
	if err != nil {
		return "", loginError(err)
	}
	d.session, _ = jsontext.Text(jsontext.Get(reply.Body, "sessionId"))
	if d.session == "" {
		return "", errors.New("Log Insight answers a login without a session")
	}
	return d.session, nil
}

func loginError(err error) error {
	var status *statusError
	if errors.As(err, &status) && (status.status == http.StatusUnauthorized || status.status == http.StatusForbidden) {
		status.text = "the user is unknown or the password is wrong"
	}
	return err
}
