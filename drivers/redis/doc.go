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
// # Behaviour
//
// A batch is one round trip: one LPUSH for each trace in it. The caller resends a
// batch that got no answer, so a record may be stored twice; readers ignore
// repeats. A record counts as stored once Redis has answered; what a crash of the
// server can lose after that depends on its settings (appendfsync, replication), as
// with any data in Redis. A list of traces walks the keys of the database once
// (SCAN) and then reads whole traces, newest first, as many as are needed.
//
// The client library, go-redis, prints failed connections to the standard error
// through a logger that the whole program shares. This package does not change it;
// a program can replace it with go-redis's redis.SetLogger.
package redis
