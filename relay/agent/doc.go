// Package agent takes the records of the programs of one machine, keeps them on the
// machine's disk (or in the site's NATS cluster), and takes them to a store from there:
// so a program never waits for a store, and what was acknowledged survives the end of
// the program, of the agent and, by the sync policy, of the machine.
//
// # Sending records
//
// Programs send them by HTTP over a unix socket, or over TCP:
//
//	POST /v1/events
//
// The body is newline-delimited JSON: each line is a record as stores keep it, see
// package record. Content-Encoding may be gzip or zstd. With the headers
//
//	Sonde-Producer: 9f3c5a0e12ab34cd
//	Sonde-First: 513
//
// the lines are the records 513, 514 and so on of a producer that has drawn the number
// 9f3c5a0e12ab34cd (16 hexadecimal digits) at random. Then a post that is sent again,
// since its answer was lost, is not stored again.
//
// The answers, all of them JSON:
//
//	200  {"accepted":N}: they are in the spool by its sync policy; beside it
//	     "rejected":[{"line":3,"error":"…"}] for lines that can never be stored
//	400  no line can ever be stored, or a header is wrong
//	401  the token is missing or wrong (TCP only)
//	403  a page in a browser sends this
//	404  another path
//	405  another method
//	408  the body does not come
//	413  more than 8 MiB, more than a hundred times what was sent, or more than 8192
//	     lines: send less at once
//	415  another Content-Encoding
//	429  the spool is full, or too many posts are under way: send it again after
//	     Retry-After
//	503  the spool fails or the agent stops: send it again after Retry-After
//
// A post is not taken or refused as a whole: lines that can be stored are taken though
// others are rejected, and some of them may be in the spool after an answer of 429 or 503.
// Sent again under the same numbers these are kept once, and without numbers readers
// ignore the repeats. What
// a line has beside a record's own members is kept behind them, in stores that keep
// records as JSON.
//
// GET /healthz says whether the agent runs, /readyz whether it can take records,
// /metrics is for Prometheus, and /v1/status is [Status] as JSON. /v1/quarantine/ is for
// who looks after the quarantine of a spool on this machine, see
// [github.com/sonde-go/sonde/relay/quarantine.Handler]: on Linux, at a unix socket, the
// user that the agent runs as, and root.
package agent
