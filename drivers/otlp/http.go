package otlp

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/sonde-go/sonde/record"
)

// maxReply is how much of a reply to an export is read.
const maxReply = 1 << 20

const protobuf = "application/x-protobuf"

// httpTransport is OTLP/HTTP:
// https://opentelemetry.io/docs/specs/otlp/#otlphttp
type httpTransport struct {
	target *target
	url    string
	client *http.Client
}

func (t *target) dialHTTP(timeout time.Duration) *httpTransport {
	scheme := "http"
	if t.tls != nil {
		scheme = "https"
	}
	return &httpTransport{target: t, url: scheme + "://" + t.host + t.path, client: newClient(t.tls, timeout)}
}

func newClient(config *tls.Config, timeout time.Duration) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: timeout}).DialContext,
			TLSClientConfig:     config,
			TLSHandshakeTimeout: timeout,
			MaxIdleConnsPerHost: 8,
			IdleConnTimeout:     90 * time.Second,
			ForceAttemptHTTP2:   true,
		},
		// A redirected POST would become a GET, and take the headers elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func (h *httpTransport) send(ctx context.Context, request []byte) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url, bytes.NewReader(request))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", record.ErrNotSent, h.explain(err))
	}
	for name, value := range h.target.headers {
		r.Header.Set(name, value)
	}
	r.Header.Set("Content-Type", protobuf)
	r.Header.Set("User-Agent", "sonde")
	resp, err := h.client.Do(r)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return nil, cause
		}
		if unsent(err) {
			return nil, fmt.Errorf("%w: %w", record.ErrNotSent, h.explain(err))
		}
		return nil, h.explain(err)
	}
	defer resp.Body.Close()
	reply, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return nil, cause
		}
		return nil, h.explain(fmt.Errorf("the reply broke off: %w", err))
	}
	if resp.StatusCode/100 == 2 {
		return reply, nil
	}
	return nil, h.failed(resp, reply)
}

// failed is the error for an unsuccessful reply. 429 and the 5xx are retried, as the
// protocol demands; so are replies about a wrong URL or missing rights, which can be
// put right while the records wait.
func (h *httpTransport) failed(resp *http.Response, reply []byte) error {
	text := ""
	if resp.Header.Get("Content-Type") == protobuf { // a google.rpc.Status
		message, _ := field(reply, 2)
		text = string(message)
	} else if len(reply) > 0 {
		text = string(reply)
	}
	err := h.explain(fmt.Errorf("%s: %s", resp.Status, text))
	switch code := resp.StatusCode; {
	case code == http.StatusBadRequest:
		return fmt.Errorf("%w: %w", errRefused, err)
	case code == http.StatusRequestEntityTooLarge:
		return fmt.Errorf("%w: %w", errTooLarge, err)
	case code < 500 && code != http.StatusRequestTimeout:
		return fmt.Errorf("%w: %w", record.ErrNotSent, err)
	}
	return err
}

// explain names the server and hides what is secret.
func (h *httpTransport) explain(err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err // whose text has no URL
	}
	return &shownError{text: "OTLP at " + h.target.host + h.target.path + ": " + h.target.hide(err.Error()), err: err}
}

// shownError has a text that may be shown.
type shownError struct {
	text string
	err  error
}

func (e *shownError) Error() string { return e.text }
func (e *shownError) Unwrap() error { return e.err }

// unsent reports whether a request failed before there was a connection.
func unsent(err error) bool {
	var dial *net.OpError
	var certificate *tls.CertificateVerificationError
	var noTLS tls.RecordHeaderError
	return errors.As(err, &dial) && (dial.Op == "dial" || dial.Op == "proxyconnect") ||
		errors.As(err, &certificate) || errors.As(err, &noTLS)
}

func (h *httpTransport) close() error {
	h.client.CloseIdleConnections()
	return nil
}
