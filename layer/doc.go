// Package layer is the vocabulary that trace points and their readers share:
// the kind of work a point stands for, which of its attributes a report shows,
// and what OpenTelemetry calls them.
//
// A layer is one way in which work enters, leaves or happens in a program: an
// HTTP server, a database, a message bus. Its points keep their attributes in
// one member of the record's info, the group. The groups "request", "requests",
// "db" and "function" are OSProfiler's; the rest of [All] is Sonde's.
//
// Instrumentation outside this module describes its own layer with a [Layer]
// and passes it to every point that it opens. The description is stored once per
// trace and process, as info.sonde.layer, so that a reader which has never
// heard of the layer shows and exports its points like any other.
package layer
