package sondejetstream

import (
	"github.com/nats-io/nats.go/jetstream"
	"github.com/sonde-go/sonde/rpctrace/nats/internal/natsmsg"
)

// Option configures a consumer.
type Option = natsmsg.Option

// WithName sets the name of a consumer's point. The default is "nats_process", as
// is an empty name. Reports group points by name.
func WithName(name string) Option { return natsmsg.WithName(name) }

// Named returns js as a publisher that sets the name of the points of what this
// package publishes through it, since the options of a publication are JetStream's.
// The default is "nats_publish", as is an empty name.
func Named(js jetstream.Publisher, name string) jetstream.Publisher {
	return &named{js, []Option{WithName(name)}}
}

type named struct {
	jetstream.Publisher
	opts []Option
}

// naming is the name that js sets for its points, as an option.
func naming(js jetstream.Publisher) []Option {
	if n, ok := js.(*named); ok {
		return n.opts
	}
	return nil
}
