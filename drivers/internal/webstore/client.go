// Package webstore is what drivers share whose stores are spoken to by HTTP.
package webstore

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
	"strings"
	"time"

	"github.com/sonde-go/sonde/drivers/kit"
	"github.com/sonde-go/sonde/record"
)

// maxReply bounds what is read of one reply.
const maxReply = 1 << 30

// Client sends requests. It is safe for concurrent use.
type Client struct {
	limit kit.Limit
	http  http.Client
}

// New makes a Client; connecting and the TLS handshake may take so long each, a
// request until its answer begins and each part of the answer as long as limit
// says.
func New(limit kit.Limit, connect time.Duration, config *tls.Config) *Client {
	dialer := &net.Dialer{Timeout: connect, KeepAlive: 30 * time.Second}
	return &Client{limit: limit, http: http.Client{
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         dialer.DialContext,
			TLSClientConfig:     config,
			TLSHandshakeTimeout: connect,
			MaxIdleConnsPerHost: 4,
			IdleConnTimeout:     90 * time.Second,
		},
		// A redirect would carry the credentials elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Request is one request. Body is sent as it is.
type Request struct {
	Method, URL string
	Body        []byte
	Header      http.Header
}

// Reply is an answer, whatever its status.
type Reply struct {
	Status int
	Body   []byte
}

// Do sends a request and reads the whole answer. An error wraps
// [record.ErrNotSent] if the server cannot have seen the request,
// [driver.ErrNoAnswer] if it did not answer, and ctx's error if that ended it.
// It shows no URL.
func (c *Client) Do(ctx context.Context, r Request) (*Reply, error) {
	limited, wait := c.limit.Begin(ctx)
	reply, err := c.do(limited, wait, r)
	if err != nil {
		return nil, wait.End(explain(err))
	}
	return reply, wait.End(nil)
}

func (c *Client) do(ctx context.Context, wait *kit.Wait, r Request) (*Reply, error) {
	req, err := http.NewRequestWithContext(ctx, r.Method, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return nil, fmt.Errorf("%w: request: %w", record.ErrNotSent, bare(err))
	}
	req.Header = r.Header
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, bare(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(wait.Reader(resp.Body), maxReply+1))
	if err != nil {
		return nil, fmt.Errorf("reading the reply: %w", err)
	}
	if len(body) > maxReply {
		return nil, fmt.Errorf("the reply is larger than %d bytes", maxReply)
	}
	return &Reply{Status: resp.StatusCode, Body: body}, nil
}

// bare takes the URL out of an error.
func bare(err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		return ue.Err
	}
	return err
}

// explain reports whether a request was not sent, since there was no connection.
func explain(err error) error {
	var op *net.OpError
	var cert *tls.CertificateVerificationError
	var plain tls.RecordHeaderError
	if errors.As(err, &op) && op.Op == "dial" || errors.As(err, &cert) || errors.As(err, &plain) {
		return fmt.Errorf("%w: %w", record.ErrNotSent, err)
	}
	return err
}

// Close drops the idle connections.
func (c *Client) Close() error {
	c.http.CloseIdleConnections()
	return nil
}

// Line makes one line of at most 300 bytes of what a server said.
func Line(text []byte) string {
	const limit = 300
	if len(text) > limit {
		text = append(text[:limit:limit], "…"...)
	}
	return strings.Join(strings.Fields(strings.ToValidUTF8(string(text), "\ufffd")), " ")
}
