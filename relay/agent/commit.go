package agent

import (
	"context"
	"slices"

	"github.com/sonde-go/sonde/relay/internal/spool"
)

// The most that is published as one: more would only take more memory.
const (
	mostBatches = 500
	mostBytes   = 16 << 20
)

// post is a request's batches on their way to the spool.
type post struct {
	batches []spool.Batch
	bytes   int
	results []spool.Result
	done    chan struct{} // has room for the answer
}

// publisher is what the committer needs of a spool.
type publisher interface {
	Publish(ctx context.Context, batches []spool.Batch) []spool.Result
}

// committer publishes what has come while it was publishing: the more posts, the more
// of them share a sync, and none waits for others that have not come yet.
type committer struct {
	spool publisher
	posts chan *post
	ended chan struct{}
}

func newCommitter(s publisher) *committer {
	c := &committer{spool: s, posts: make(chan *post, 256), ended: make(chan struct{})}
	go c.run()
	return c
}

// commit publishes a post and returns its results.
func (c *committer) commit(p *post) []spool.Result {
	c.posts <- p
	<-p.done
	return p.results
}

// close waits for all posts. There must not be new ones.
func (c *committer) close() {
	close(c.posts)
	<-c.ended
}

func (c *committer) run() {
	defer close(c.ended)
	var (
		group   []*post
		batches []spool.Batch
		next    *post // has not fitted into the last group
	)
	for {
		p := next
		if next = nil; p == nil {
			var open bool
			if p, open = <-c.posts; !open {
				return
			}
		}
		group, batches = append(group[:0], p), append(batches[:0], p.batches...)
		bytes := p.bytes
	gather:
		for {
			select {
			case p, open := <-c.posts:
				if !open {
					break gather
				}
				if len(batches)+len(p.batches) > mostBatches || bytes+p.bytes > mostBytes {
					next = p
					break gather
				}
				group, batches = append(group, p), append(batches, p.batches...)
				bytes += p.bytes
			default:
				break gather
			}
		}
		results := c.spool.Publish(context.Background(), batches)
		for _, p := range group {
			n := len(p.batches)
			p.results, results = slices.Clone(results[:n]), results[n:]
			p.done <- struct{}{}
		}
		clear(group)
		clear(batches)
	}
}
