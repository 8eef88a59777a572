// Package spool keeps records that were acknowledged until their store has them: a
// stream of NATS JetStream, in a server inside of this process that keeps its files in
// a data folder and listens nowhere, or in the cluster of a site.
//
// A message is one [Batch]: records of one trace as newline-delimited JSON. Its
// subject says the version of this format and the partition of its trace,
// sonde.v1.00 to sonde.v1.63, so that consumers can share a stream without parting a
// trace. Headers have the rest:
//
//	Nats-Msg-Id     who sent it and what: a batch that is sent again is not stored again
//	Sonde-Trace     the trace
//	Sonde-Records   how many records the message has
//
// The stream deletes a message once its consumer has acknowledged it, and refuses new
// ones when it is full ([ErrFull]). What can never be stored is put aside in a second
// stream, the quarantine ([Bad]).
//
// # Syncing
//
// What a server inside of this process has acknowledged under [SyncAlways] is on the
// disk: batches that are published together are synced together, once. With an interval it is with
// the operating system, and on the disk at most that much later: the end of the
// process loses nothing, that of the machine what the interval holds. A cluster has
// its own policy, and its replicas.
package spool
