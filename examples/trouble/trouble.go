package main

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/sonde-go/sonde/record"
)

// size is how large a trouble is made.
type size struct {
	repeats int           // a call in a loop is made so often
	points  int           // the one failure is among so many points
	brief   time.Duration // reading a row of a healthy table takes this long
	slow    time.Duration // what is slow takes this long
	behind  time.Duration // the wrong clock is so far behind
	seed    uint64        // of what is drawn by lot
}

// trouble is one thing that goes wrong.
type trouble struct {
	name, about string

	// plant builds the services on the site, sends the request that is traced,
	// and says what exactly it has planted.
	plant func(context.Context, *site) (planted string, err error)

	// running says that the trace is to be read while its request runs.
	running bool
}

var troubles = []trouble{
	{name: "nplus1_params", about: "a query for each row of another, with parameters", plant: nplus1Params},
	{name: "nplus1_literals", about: "a query for each row of another, with the value in its text", plant: nplus1Literals},
	{name: "nplus1_subtrees", about: "a function with a query and a gRPC call for each row", plant: nplus1Subtrees},
	{name: "nplus1_grpc", about: "a gRPC call for each row, with both sides traced", plant: nplus1GRPC},
	{name: "slow_chain", about: "a slow query at the end of a chain of services", plant: slowChain},
	{name: "slow_fanout", about: "a slow query in one of eight calls made at once", plant: slowFanOut},
	{name: "failure", about: "a query that fails three levels down", plant: failure},
	{name: "hang", about: "a call that hangs beside one that is healthy, read meanwhile", plant: hang, running: true},
	{name: "timeout", about: "a call that is given up at its deadline", plant: timeout},
	{name: "retry_storm", about: "retries of calls that retry, all in vain", plant: retryStorm},
	{name: "lag", about: "a consumer that has a backlog", plant: lag},
	{name: "panic", about: "a handler that panics", plant: panics},
	{name: "pool", about: "a query that waits for the pool's only connection", plant: emptyPool},
	{name: "outlives", about: "a goroutine that outlives its request", plant: outlives},
	{name: "one_of_many", about: "one failure among thousands of points", plant: oneOfMany},
	{name: "clock", about: "a service whose clock is behind", plant: clock},
}

func byName(name string) (trouble, error) {
	i := slices.IndexFunc(troubles, func(t trouble) bool { return t.name == name })
	if i < 0 {
		return trouble{}, fmt.Errorf("there is no trouble %q; -list says what there is", name)
	}
	return troubles[i], nil
}

// records makes the trouble on a site of its own.
func (t trouble) records(ctx context.Context, z size) (rs []record.Record, planted string, err error) {
	s := newSite(ctx, z)
	defer s.close()
	if planted, err = t.plant(ctx, s); err != nil {
		return nil, "", err
	}
	if t.running {
		err = s.flush(ctx)
	} else {
		err = s.stop()
	}
	if err != nil {
		return nil, "", err
	}
	for r, err := range s.store.Records(ctx, s.trace) {
		if err != nil {
			return nil, "", err
		}
		rs = append(rs, r.Clone())
	}
	return rs, planted, nil
}

func each(records []record.Record) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	}
}
