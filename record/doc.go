// Package record defines what travels between a service, a store and a report:
// OSProfiler's stored record.
//
// A trace point produces two records, one when it starts and one when it stops,
// so that work which is still running, or never ended, is visible. A record is
// one JSON object. This is the start of a database query, wrapped to fit the page:
//
//	{"name":"db-start",
//	 "base_id":"b0000000-0000-4000-8000-000000000000",
//	 "trace_id":"11111111-0000-4000-8000-000000000001",
//	 "parent_id":"22222222-0000-4000-8000-000000000002",
//	 "timestamp":"2026-01-02T03:04:05.000006",
//	 "info":{"db":{"statement":"SELECT 1","params":null},"host":"host-a"},
//	 "project":"shop","service":"cart"}
//
// The names in stores and on the wire are OSProfiler's; Go code calls things
// what they are:
//
//	stored       in Go       what it is
//	name         RecordName  the name of the point, then "-start" or "-stop"
//	base_id      Trace       the trace: everything one request caused, in every service
//	trace_id     Point       the point, the same in its start and its stop
//	parent_id    Parent      the point around it; the trace, if there is none
//	timestamp    Time        UTC, in microseconds
//	info         Info        what the layer says about the point; its host comes last
//	project      Project     the project that the service belongs to
//	service      Service     the program that recorded the point
//
// Ids made by Sonde are UUIDs; those made by others can be any [header.ID]. The
// stop record of a failed point has the type and the text of the error in info,
// as "etype" and "message". Sonde's own additions are in info.sonde, which
// OSProfiler ignores.
//
// An [Event] is a record on its way to a store, and a [Sink] takes it there. A
// [Record] is one read back from a store, perhaps written by OSProfiler itself
// or damaged; [Parse] reads it. [Record.Event] turns it back into an Event, so
// that it can be copied to another store.
//
// The format is that of OSProfiler's notifiers, see osprofiler/profiler.py and
// osprofiler/drivers in https://opendev.org/openstack/osprofiler.
package record
