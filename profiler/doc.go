// Package profiler records trace points: where a request went and how long it
// stayed there.
//
// A [Service] is one instrumented program. A layer, such as an HTTP middleware,
// gives it the headers of each request; if they are signed with one of the
// Service's keys, the request is traced. From then on the context carries the
// trace, and everything below works from the context alone:
//
//	ctx, p := profiler.Start(ctx, "price", slog.String("sku", sku))
//	defer p.Stop()
//
// Most contexts carry no trace, and then this costs next to nothing: Start
// returns the same context and the zero [Point], whose methods do nothing. Check
// [Active] before computing attributes that are expensive.
//
// # For programs
//
// A program makes a Service when it starts and closes it when it ends. Package
// sonde makes one from a store's URL and the environment.
//
//   - [New] makes a Service from a [Config]. [Service.Flush] waits until what was
//     recorded is stored, [Service.Close] ends the Service, and [Service.Stats]
//     says what became of every record.
//   - [Start] opens a point that its caller stops. [Trace] runs a function inside
//     a point, and [TraceValue] one that returns a value.
//   - [Func] and [FuncValue] return a function whose calls are points with their
//     arguments. [Function.Start] and [Function.End] are such a call by hand, for
//     functions of any form; the code that "sonde gen" writes for a type uses them.
//   - [Point.Add] and [Point.Append] give a point more attributes. [Point.Stop]
//     ends it, and [Point.Fail] ends it with an error. [PointOf] returns the
//     innermost point in a context; [Point.Active] and [Point.ID] say whether a
//     point is recorded, and under which id of its own.
//   - [Active] reports whether a context carries a trace, and [BaseID] returns the
//     id of that trace: the one to log, since it is what "sonde trace show" finds.
//     [TraceParent] returns the ids that OpenTelemetry's tools have for it.
//   - [Service.WriteMetrics] writes those figures for Prometheus, and
//     [Stats.MarshalJSON] makes them a variable of package expvar.
//   - [Service.SetEnabled] turns tracing off and on while the program runs, and
//     [Service.CloseOnSignal] is for programs that handle no signals.
//   - [Service.SetDetail] changes how much of each trace is recorded, and
//     [Service.Detail] returns it.
//   - A [Sampler] decides on requests that nobody has asked to trace: package sampling
//     has one, and a function is one too, by [Admit.Begin] and [Admit.Join].
//   - [Service.Begin] and [Service.BeginAs] begin a trace that no request asked
//     for. [Detach] takes a context out of its trace.
//
// # For layers
//
// A layer is the instrumentation of one way into or out of a program: a server,
// a client, a database, a message bus. A [layer.Layer] describes its points to
// reports, and package profilertest has the tests that every layer should pass.
//
//   - [Service.Receive] decides whether an [Arrival], a request or message that
//     has come in, is traced. Its answer is an [Incoming]: [Incoming.Traced],
//     [Incoming.Repeated] and [Incoming.Signed] say what was decided and why, and
//     [Incoming.Open] opens the point. [Service.Idle] tells a server beforehand
//     that it cannot trace a request without headers. [Incoming.Pass] returns the
//     context to serve a request in that is not traced.
//   - [Inject] puts signed headers into a request that goes out, and [Sign]
//     returns them; [Carries] says beforehand whether there are any. [Current] returns
//     the ids alone.
//   - [Open] opens a point as an [Opening] describes it, and [Point.End] ends it
//     as an [Ending] describes. [Point.Guard] ends it if the code that the layer
//     calls panics or calls [runtime.Goexit]; [Unwound] is for layers that do more
//     in that case.
//   - [Point.AddFunc] adds what a function returns that the layer's user has
//     given.
//   - [Point.Release] and [Point.Discard] write or undo a point whose start record
//     was withheld with Opening.Held.
//   - [Received] and [Calling] tell a layer that another instrumentation of the
//     same request or call has already made its point.
//   - [Service.Mask] and [MaskOf] say which values of a program's users are not
//     stored. What a layer declares itself is stored as it is.
//   - [Encode] encodes attributes that are the same in many points, such as those
//     of a statement or a route, once; [EncodeNumbered] those that are the same but
//     for one number, see [Numbered.With] and [Numbered.Without].
//   - [WithoutBase] keeps the trace of a server's base context away from its
//     requests.
//
// # Attributes
//
// A point is written as two records ([record.Event]), one when it starts and one
// when it stops, so that work in progress is visible. Attributes are encoded as
// JSON during the call that gives them; nothing that belongs to the caller is
// kept or read later.
//
//	attribute                     stored as
//	string, bool, int64, uint64   JSON
//	float64                       JSON; NaN and infinities as text
//	time.Duration                 text, "1.5ms"
//	time.Time                     text, RFC 3339 with nanoseconds
//	slog.Group                    object; with an empty key, its attributes take its place
//	slog.LogValuer                what it resolves to
//	error                         its Error text
//	fmt.Stringer                  its String text
//	json.Marshaler, other values  what encoding/json makes of it
//	encoding fails or panics      text that begins with "!ERROR" or "!PANIC"; the
//	                              request goes on whatever a value's methods do
//	the same key twice            the last one wins
//	keys "host" and "sonde"       "host_" and "sonde_": those two are reserved
//	deeper than 8 levels          "…"
//	more than 16 KiB per record   truncated; info.sonde.truncated is true
//
// A start record also has the kind of the point (info.sonde.kind, see
// [layer.Kind]), unless the group that its attributes are in implies it, as
// OSProfiler's groups do. With Config.CallSites that of a call has the place in the
// program that made it (info.sonde.at).
//
// # Less than everything
//
// A service that traces many requests may record less of each, see [Detail]: not the
// calls of some layers, not what was short, and one point for many that do the same.
// What is not written by itself is told, so that numbers and sums stay what they were:
//
//	info.sonde.off       in the first record of a trace in the process: what is off
//	info.sonde.repeated  in a stop: the point stands for several that did the same,
//	                     from the first one's start to the last one's stop:
//	                     {"count", "min_us", "max_us", "total_us"}, "at_once" if some
//	                     ran at the same time, "differ" if they began with different
//	                     attributes; those stored are the ones of one of them, and
//	                     what they ended with is not
//	info.sonde.short     in a stop: points below it that were too short, by name:
//	                     {"count", "total_us", "self_us", "max_us"}. The first sum
//	                     leaves out what is below a point of the same name, the
//	                     second one what is below any. A 17th name is "(other)"
//	info.sonde.self_us   beside them, or above a repeated point: how long no point of
//	                     this process ran right below this one
//
// # Delivery
//
// Records go through a bounded queue to a [record.Sink], in batches. The caller
// never waits for the sink. A Service may have several sinks (Config.More), each
// with a queue of its own.
//
// Records that do not fit in a queue (see [QueueConfig]), and those that a sink
// rejects, are dropped. That is counted in [Stats], logged when it begins and when
// it has been over for a second, and recorded in the store once the sink works:
//
//	the trace goes on             info.sonde.lost of its next record that is delivered
//	the trace is over             info.sonde.lost of a point "sonde_lost" below the
//	                              trace's id, from the first record lost to the last
//	10,000 other traces have      info.sonde.service_lost {"n", "from", "to"}, once in
//	lost records that are not     each trace that ran in that time; which traces the n
//	reported yet                  records belong to is not known
//
// These points count as recorded. What is in memory when the process is killed, or
// ends without [Service.Close], is lost without a trace: about as many records as
// Stats.Waiting says. What it means that a record is acknowledged depends on the
// store; docs/drivers.md says it for each.
package profiler
