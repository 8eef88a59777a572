// Package profiler writes trace points: where a request went and how long it
// stayed there.
//
// A [Service] is one instrumented program. A layer that receives requests asks
// it to verify the request's headers and joins the trace ([Service.Join]); from
// then on the context carries the profiler, and everything below works from
// the context alone:
//
//	ctx, p := profiler.Start(ctx, "price", slog.String("sku", sku))
//	defer p.Stop()
//
// A context without a profiler is the usual case and costs next to nothing:
// Start returns the same context and a zero [Point], whose methods do nothing.
// Attributes that are dear to make belong behind [Active].
//
// # What is recorded
//
// Each point gives two records ([record.Event]), one when it starts and one
// when it stops, so that running work can be seen. Attributes are encoded as JSON at
// once; nothing that belongs to the caller is kept or read afterwards.
//
//	attribute                     stored as
//	string, bool, int64, uint64   JSON
//	float64                       JSON; NaN and infinities as text
//	time.Duration                 text, "1.5ms"
//	time.Time                     text, RFC 3339 with nanoseconds
//	slog.Group                    object; with an empty key its attributes stand in its place
//	slog.LogValuer                what it resolves to
//	error                         its Error text
//	json.Marshaler, other values  what encoding/json makes of it
//	encoding fails or panics      text that begins with "!ERROR" or "!PANIC"; the
//	                              request goes on whatever a value's methods do
//	the same key twice            the last one wins
//	keys "host" and "sonde"       "host_" and "sonde_", since those two are ours
//	deeper than 8 levels          "…"
//	more than 16 KiB a point      cut; info.sonde.truncated is true
//
// A start record also says what kind of work the point is (info.sonde.kind,
// see [github.com/sonde-go/sonde/layer.Kind]), unless the group that its
// attributes stand under implies it, as OSProfiler's groups do.
//
// # Delivery
//
// Records go through a bounded queue to a [record.Sink] in batches. The caller never
// waits for the sink. What there is no room for (see [QueueConfig]) is dropped
// and counted: see [Stats], and info.sonde.lost in the next record of the same
// trace.
package profiler
