// Package partition lets any number of collectors sample by trace together: all parts of
// a trace meet at one of them, while collectors come, go and die.
//
// The spool's subjects are its partitions, of which a trace has one. Each has a consumer
// of its own ([Consumer]), pinned by the server to one client. Collectors hear of each
// other and divide the partitions among themselves, all by the same calculation
// (members.go), so a collector that comes gets its share and the partitions of one that
// goes are taken over by the others.
//
// A pin says to whom the server sends messages, and it can move while its holder
// still decides. So decisions are written down before they count, in the bucket
// SONDE_DECISIONS, whose key for each partition is a log: an entry is accepted only if
// its writer knows the one before it (decisions.go). Who takes a partition over writes
// an entry first. From then on whoever had it before can decide nothing of it any more,
// learns so, and gives back what it holds.
//
// Messages that are not decided are not acknowledged, so they are delivered again to
// whoever takes over. It reads from the spool which those are and decides nothing before
// it has them (takeover.go): so no trace is decided on a part of what was there.
// Decisions that it finds in the log are those of its predecessors, and what comes late
// follows them.
package partition
