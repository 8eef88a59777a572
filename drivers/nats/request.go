package nats

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// attempt is how long a request or a message waits for its answer until it is
// sent again. A cluster that has lost its leader leaves what it gets without an
// answer until it has a new one, which takes a few seconds.
const attempt = time.Second

// request asks the server something that may be asked twice: again and again,
// until the limit of one exchange.
func (d *store) request(ctx context.Context, ask func(context.Context) error) error {
	limited, wait := d.limit.Begin(ctx)
	for {
		once, cancel := context.WithTimeout(limited, attempt)
		err := ask(once)
		unanswered := err != nil && once.Err() != nil
		cancel()
		if limited.Err() != nil || !unanswered && !passing(err) {
			return wait.End(err)
		}
		d.rest(limited)
	}
}

// rest is the pause before something is sent again.
func (d *store) rest(ctx context.Context) {
	select {
	case <-time.After(pause):
	case <-ctx.Done():
	}
}

// passing reports whether an error is one that goes by itself: a cluster that is
// about to find a leader, a connection that is made anew.
func passing(err error) bool {
	var api *jetstream.APIError
	switch {
	case errors.As(err, &api):
		return api.Code == 503 && api.ErrorCode != jetstream.JSErrCodeJetStreamNotEnabled && api.ErrorCode != jetstream.JSErrCodeJetStreamNotEnabledForAccount
	case errors.Is(err, jetstream.ErrNoStreamResponse), errors.Is(err, nats.ErrTimeout), errors.Is(err, nats.ErrDisconnected),
		errors.Is(err, nats.ErrConnectionReconnecting), errors.Is(err, nats.ErrReconnectBufExceeded), errors.Is(err, errLost):
		return true
	}
	return false
}
