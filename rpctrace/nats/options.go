package sondenats

import "github.com/sonde-go/sonde/rpctrace/nats/internal/natsmsg"

// Option configures a publication, a request or a consumer.
type Option = natsmsg.Option

// WithName sets the name of the point. The default is "nats_publish",
// "nats_request" or "nats_process", as is an empty name. Reports group points by
// name; OSProfiler's own services call the points of messages "rpc".
func WithName(name string) Option { return natsmsg.WithName(name) }
