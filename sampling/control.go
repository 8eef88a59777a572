package sampling

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
)

// Change is a message that changes the rules of a service while it runs. It is signed
// with one of the service's keys, and travels over whatever the site has; package
// natscontrol sends it over NATS.
type Change struct {
	// Service is the name of the service that it is for, as in profiler.Config.
	Service string
	// Rules are the only ones from then on, as [Parse] reads them. Empty: none, so the
	// service samples nothing by itself.
	Rules string
	// Layers says of layers whether their points are recorded, under the names that
	// profiler.Detail.Off has. Those that it does not name stay as they are.
	Layers map[string]bool
}

const (
	purpose       = "sonde sampling change"
	changeVersion = 1
	// changeAge is how old a change may be, and by how much the sender's clock may be
	// ahead.
	changeAge = 30 * time.Second
	// MaxChange is the size in bytes above which a change is refused unread.
	MaxChange = maxFile
)

// change is the signed part of the message: JSON behind a line with the seal in hex.
type change struct {
	Version int    `json:"version"`
	Service string `json:"service"`
	At      int64  `json:"at_ns"` // Unix time
	Rules   string `json:"rules"`

	Layers map[string]bool `json:"layers,omitempty"`
}

// Reasons why a change is refused, besides rules that make no sense.
var (
	// ErrNotSigned: no key of the service has signed the message.
	ErrNotSigned = errors.New("sampling: a change is not signed with any of the service's keys")
	// ErrOld: the message is more than 30 seconds old, or as much ahead, or another one
	// that was sent at the same time or later has been applied.
	ErrOld = errors.New("sampling: a change is older than 30 seconds or than the one that holds; send it again, and compare the clocks")
	// ErrNotHere: the message is for another service.
	ErrNotHere = errors.New("sampling: a change is for another service")
)

// Sign returns the message, which is valid for 30 seconds from now. It fails if the
// rules make no sense.
func (c Change) Sign(key *header.Key, now time.Time) ([]byte, error) {
	if key == nil {
		return nil, errors.New("sampling: there is no key to sign a change with")
	}
	if _, err := Parse(c.Rules); err != nil {
		return nil, err
	}
	body, err := json.Marshal(change{changeVersion, c.Service, now.UnixNano(), c.Rules, c.Layers})
	if err != nil {
		return nil, err
	}
	message := append([]byte(hex.EncodeToString(key.Seal(purpose, body))), '\n')
	if message = append(message, body...); len(message) > MaxChange {
		return nil, errors.New("sampling: the rules are too long for a change")
	}
	return message, nil
}

// Receiver takes changes for one service. It is safe for concurrent use.
type Receiver struct {
	// Keys are those of the service. Without any, every change is refused.
	Keys *header.Keyring
	// Service is its name.
	Service string
	// Sampler is what is changed.
	Sampler *Sampler
	// Profiler is where layers are switched. Nil: changes that name layers are refused.
	Profiler *profiler.Service

	mu   sync.Mutex
	last int64 // when the change was sent that holds
	now  func() time.Time
}

// Apply applies a message that [Change.Sign] made. Each message is applied once at
// most: later it is [ErrOld].
func (r *Receiver) Apply(message []byte) error {
	if len(message) > MaxChange {
		return ErrNotSigned
	}
	line, body, _ := strings.Cut(string(message), "\n")
	seal, err := hex.DecodeString(line)
	if err != nil || !r.Keys.Sealed(purpose, []byte(body), seal) {
		return ErrNotSigned
	}
	var c change
	if err := json.Unmarshal([]byte(body), &c); err != nil {
		return fmt.Errorf("sampling: a change is not in the right form: %w", err)
	}
	rules, err := Parse(c.Rules)
	switch {
	case c.Version != changeVersion:
		return fmt.Errorf("sampling: a change is of version %d, and this program knows version %d; use a sender of its release", c.Version, changeVersion)
	case c.Service != r.Service:
		return ErrNotHere
	case err != nil:
		return err
	}
	now := time.Now
	if r.now != nil {
		now = r.now
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if age := now().Sub(time.Unix(0, c.At)); age > changeAge || age < -changeAge || c.At <= r.last {
		return ErrOld
	}
	if len(c.Layers) > 0 {
		if r.Profiler == nil {
			return errors.New("sampling: this service takes no changes of layers; set Receiver.Profiler")
		}
		if err := r.Profiler.SetDetail(switched(r.Profiler.Detail(), c.Layers)); err != nil {
			return err
		}
	}
	r.last = c.At
	return r.Sampler.SetRules(rules)
}

// switched is d with layers on or off.
func switched(d profiler.Detail, layers map[string]bool) profiler.Detail {
	d.Off = slices.DeleteFunc(slices.Clone(d.Off), func(name string) bool { _, named := layers[name]; return named })
	for _, name := range slices.Sorted(maps.Keys(layers)) {
		if !layers[name] {
			d.Off = append(d.Off, name)
		}
	}
	return d
}
