// Package tail decides which always-on traces are kept once they are over: tail
// sampling. A trace that was asked for is always kept, see [Draw]; only those that were
// drawn by chance when they began may be dropped again.
//
// A [Decider] holds the records of a trace in memory until the trace is quiet, and then
// asks its [Rules]. A trace is kept or dropped as a whole: what comes later follows the
// decision, which is remembered. Deciding and acting are two steps, so that somebody
// can write a decision down in between: [Decider.Decided] has what is decided, and
// [Decider.Settle] makes it count and returns the records.
//
// Memory is bounded. When there is no room the oldest trace is decided before it is
// quiet. Before that, under [Stress], a trace that begins is not held at all: its base
// id decides, the same way everywhere.
package tail
