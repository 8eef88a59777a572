// Package redis is the driver that keeps traces in Redis, as OSProfiler does.
// Import it for its schemes:
//
//	redis://[[user]:password@]host[:port][/db]       one server
//	rediss://…                                       the same over TLS
//	redissentinel://[:password@]host:port[,host:port…]   the primary that Sentinel names
//	redis+cluster://[[user]:password@]host[:port][,host…]   Redis Cluster, from any of its nodes
//	rediss+cluster://…                               the same over TLS
//
// A password is written percent-encoded. With redissentinel the password is
// the servers', not the sentinels', the database is always 0, as upstream, and
// [drivers.Options] hold the name of the set. The sentinels, which are asked in
// turn, share the time that an answer may take, as the tries of a cluster's
// client do.
//
// Options in the URL's query, in any order:
//
//	db=N               the database, instead of the path
//	ttl=72h            forget a trace so long after its last record; off by default
//	legacy=true        read also what OSProfiler before 2.8 wrote (see below)
//	ssl_ca_certs=FILE  PEM file of the authorities to trust over TLS
//	ssl_cert_reqs=none do not verify the server's certificate
//
// # Layout
//
// The layout is OSProfiler's, so that either side's tools read what the other
// wrote. The list "osprofiler_opt:<base id>" holds the records of a trace, each
// as one JSON object, the newest first (LPUSH). With
// [drivers.Options.FilterErrorTrace] the string "osprofiler_error:<base id>"
// marks a trace with an error: {"base_id": …, "timestamp": …} of its last one.
// OSProfiler before 2.8 wrote each record to a string of its own,
// "osprofiler:<base id>_<trace id>_<timestamp>"; to find those the whole
// database has to be searched for each trace, so they are read only on demand.
//
// # Behaviour
//
// A batch is one round trip: one LPUSH for each trace in it. A batch that got
// no answer is sent again by the caller, so a record may be stored twice;
// readers ignore repeats. A record counts as stored once Redis has answered; what
// a crash of the server can lose after that is up to its settings (appendfsync,
// replication), as with any data in Redis. A list of traces walks the keys of the database once
// (SCAN) and then reads whole traces, newest first, as far as they are asked
// for.
//
// The client library, go-redis, prints failed connections on the standard error
// by a logger that is one for the whole program. This package leaves it as it
// is; redis.SetLogger of go-redis is what a program silences it with.
package redis
