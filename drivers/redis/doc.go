// Package redis is the driver that keeps traces in Redis, as OSProfiler does.
// Import it for its schemes:
//
//	redis://[[user]:password@]host[:port][/db]       one server
//	rediss://…                                       the same over TLS
//	redissentinel://[:password@]host:port[,host:port…]   the primary that Sentinel names
//	redis+cluster://[[user]:password@]host[:port][,host…]   Redis Cluster, from any of its nodes
//	rediss+cluster://…                               the same over TLS
//
// A password is written percent-encoded. With redissentinel, the password is that
// of the servers, not of the sentinels, and the database is always 0, as upstream.
// The sentinels are asked in turn and share the time that one answer may take; so
// do the attempts of a cluster's client.
//
// Options, besides the common ones (see package drivers):
//
//	db=N         the database, instead of the path
//	ttl=72h      how long a trace is kept after its last record; for ever by default
//	legacy=true  also read what OSProfiler before 2.8 wrote (see below)
//	sentinel_service_name=NAME   the name of the set, with redissentinel; mymaster
//
// # Layout
//
// The layout is OSProfiler's, so that either side's tools can read what the other
// wrote. The list "osprofiler_opt:<base id>" holds the records of a trace, each
// as one JSON object, newest first (LPUSH). With
// [drivers.Options.FilterErrorTrace], the string "osprofiler_error:<base id>"
// marks a trace with an error: {"base_id": …, "timestamp": …} of the last one.
// OSProfiler before 2.8 wrote each record to a string of its own,
// "osprofiler:<base id>_<trace id>_<timestamp>". To find those, the whole database
// has to be searched for each trace, so they are read only with legacy=true.
//
// Beside it lies an index, which OSProfiler's patterns do not match: the sorted sets
// "sonde:traces:0" to "sonde:traces:15" hold the base ids that Sonde has written, each
// with the microsecond of a record as its score, and "sonde:failed:0" to
// "sonde:failed:15" those that are marked. CRC-32 of the base id, modulo 16, says in
// which of them a trace is. A user needs the right to sonde:* for it; without, traces
// are stored all the same.
//
// # Behaviour
//
// A batch is one round trip: one ZADD and one LPUSH for each trace in it. The caller resends a
// batch that got no answer, so a record may be stored twice; readers ignore
// repeats. A record counts as stored once Redis has answered; what a crash of the
// server can lose after that depends on its settings (appendfsync, replication), as
// with any data in Redis.
//
// A list with a limit walks down the index and reads whole traces, newest first, as many
// as are needed. For traces that are not in the index, those of OSProfiler, it looks at
// 100 keys of each node, or at 10,000 if there are more keys than the index explains, and
// [drivers.Query].Unseen is told of the rest. A list without a limit, and any list with
// legacy=true, walks all keys (SCAN). What was deleted or has expired without Sonde's
// doing stays in the index until the next Prune or, with ttl, for an hour at most.
//
// The client library, go-redis, prints failed connections to the standard error
// through a logger that the whole program shares. This package does not change it;
// a program can replace it with go-redis's redis.SetLogger.
package redis
