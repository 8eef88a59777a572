package quarantine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"strconv"
	"time"
)

// remote is the quarantine of an agent that runs, asked at its socket; see [Handler].
type remote struct {
	socket string
	http   http.Client
}

func newRemote(socket string) *remote {
	return &remote{socket, http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
		ResponseHeaderTimeout: 30 * time.Second,
	}}}
}

func (q *remote) Close() error {
	q.http.CloseIdleConnections()
	return nil
}

// ask returns the body of an answer, which the caller closes.
func (q *remote) ask(ctx context.Context, method, path string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://agent"+Path+path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := q.http.Do(req)
	if err != nil {
		var why *net.OpError
		if errors.As(err, &why) {
			err = why.Err
		}
		return nil, fmt.Errorf("no agent answers at %s: %w", q.socket, err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp.Body, nil
	}
	defer resp.Body.Close()
	var said line
	switch err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&said); {
	case err != nil || said.Error == "":
		return nil, fmt.Errorf("%s is not that of an agent whose quarantine can be looked at: it answers %s", q.socket, resp.Status)
	case resp.StatusCode == http.StatusNotFound:
		return nil, ErrNoEntry
	}
	return nil, errors.New(said.Error)
}

func (q *remote) All(ctx context.Context) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		body, err := q.ask(ctx, http.MethodGet, "")
		if err != nil {
			yield(Entry{}, err)
			return
		}
		defer body.Close()
		for d := json.NewDecoder(body); ; {
			l := line{Entry: new(Entry)}
			err := d.Decode(&l)
			if errors.Is(err, io.EOF) {
				return
			}
			switch {
			case err != nil:
				err = fmt.Errorf("%s: the list breaks off: %w", q.socket, err)
			case l.Error != "":
				err = errors.New(l.Error)
			}
			if !yield(*l.Entry, err) || err != nil {
				return
			}
		}
	}
}

// one asks about an entry.
func (q *remote) one(ctx context.Context, method string, number uint64, what string) (e Entry, err error) {
	body, err := q.ask(ctx, method, strconv.FormatUint(number, 10)+what)
	if errors.Is(err, ErrNoEntry) {
		err = fmt.Errorf("record %d: %w", number, err)
	}
	if err != nil {
		return e, err
	}
	defer body.Close()
	return e, json.NewDecoder(body).Decode(&e)
}

func (q *remote) Get(ctx context.Context, number uint64) (Entry, error) {
	return q.one(ctx, http.MethodGet, number, "")
}

func (q *remote) Retry(ctx context.Context, number uint64) error {
	_, err := q.one(ctx, http.MethodPost, number, "/retry")
	return err
}

func (q *remote) Drop(ctx context.Context, number uint64) error {
	_, err := q.one(ctx, http.MethodDelete, number, "")
	return err
}
