// Package natscontrol changes over NATS by which rules services sample, while they run.
// A service listens:
//
//	sub, err := natscontrol.Listen(nc, &sampling.Receiver{Keys: keys, Service: "cart", Sampler: sampler})
//
// and "sonde sampling set", or [Set], tells all its instances at once. Messages are
// signed, so whoever may publish on the subject needs a key of the service too; see
// [sampling.Change].
package natscontrol

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/sampling"
)

// Subject is where the instances of a service listen: "sonde.control." and its name, in
// which underscores stand for characters that are none in a NATS subject.
func Subject(service string) string {
	return "sonde.control." + strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f || strings.ContainsRune(".*>", r) {
			return '_'
		}
		return r
	}, service)
}

// Answer is what an instance of a service says of a change.
type Answer struct {
	// Instance is the id of its connection to NATS.
	Instance string `json:"instance"`
	// Rules are those that hold now.
	Rules []string `json:"rules"`
	// Error says why the change was refused. Empty: it holds.
	Error string `json:"error,omitempty"`
}

// Listen has r take the changes that are sent to its service over nc, until the
// subscription ends. What is not signed with a key of the service is not answered; it
// is logged by slog's default Logger, as changes are.
func Listen(nc *nats.Conn, r *sampling.Receiver) (*nats.Subscription, error) {
	return nc.Subscribe(Subject(r.Service), func(m *nats.Msg) {
		err := r.Apply(m.Data)
		if errors.Is(err, sampling.ErrNotHere) {
			return // of another service whose name makes the same subject
		}
		if err != nil {
			slog.Warn("sonde: a change of sampling was refused", slog.Any("error", err))
		} else {
			slog.Info("sonde: the rules of sampling have changed", slog.Any("rules", texts(r.Sampler)))
		}
		if m.Reply == "" || errors.Is(err, sampling.ErrNotSigned) {
			return
		}
		a := Answer{Rules: texts(r.Sampler)}
		if id, err := nc.GetClientID(); err == nil {
			a.Instance = fmt.Sprint(id)
		}
		if err != nil {
			a.Error = err.Error()
		}
		b, err := json.Marshal(a)
		if err == nil {
			_ = m.Respond(b) // who asked may be gone
		}
	})
}

func texts(s *sampling.Sampler) []string {
	list := []string{}
	for _, r := range s.Rules() {
		list = append(list, r.String())
	}
	return list
}

// quiet is how long Set waits for one more answer.
const quiet = 500 * time.Millisecond

// Set signs a change with key, sends it to all instances of its service, and returns
// what they answer: those that do until none has for half a second, or until ctx ends.
// It fails if no instance listens or answers.
func Set(ctx context.Context, nc *nats.Conn, key *header.Key, c sampling.Change) ([]Answer, error) {
	message, err := c.Sign(key, time.Now())
	if err != nil {
		return nil, err
	}
	inbox := nc.NewInbox()
	sub, err := nc.SubscribeSync(inbox)
	if err != nil {
		return nil, err
	}
	defer sub.Unsubscribe() //nolint:errcheck // it only ends early
	if err := nc.PublishRequest(Subject(c.Service), inbox, message); err != nil {
		return nil, err
	}
	var answers []Answer
	for wait := 10 * quiet; ; wait = quiet {
		one, cancel := context.WithTimeout(ctx, wait)
		m, err := sub.NextMsgWithContext(one)
		cancel()
		switch {
		case errors.Is(err, nats.ErrNoResponders):
			return nil, fmt.Errorf("natscontrol: no instance of %q listens on %s; is the name that of the service, and the server the right one?", c.Service, Subject(c.Service))
		case err != nil && len(answers) == 0:
			return nil, fmt.Errorf("natscontrol: no instance of %q answers: a message that is not signed with one of its keys gets no answer: %w", c.Service, err)
		case err != nil:
			return answers, nil
		}
		var a Answer
		if len(m.Data) == 0 && m.Header.Get("Status") == "503" {
			return nil, fmt.Errorf("natscontrol: no instance of %q listens on %s; is the name that of the service, and the server the right one?", c.Service, Subject(c.Service))
		}
		if err := json.Unmarshal(m.Data, &a); err != nil {
			a = Answer{Error: "an answer that is not in the right form"}
		}
		answers = append(answers, a)
	}
}
