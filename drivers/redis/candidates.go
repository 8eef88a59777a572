package redis

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/drivers/kit"
	"github.com/sonde-go/sonde/record"
)

// A list with a limit looks at so many keys of a node for traces that are not in the
// index: at more of them if there are keys that Sonde has not written, as far as the
// size of the index tells.
const (
	scanFew  = 100
	scanMost = 10_000
)

// search finds the traces that a list may select: those of the index, the youngest
// first, and those of other programs, as far as one bounded scan finds them. A list
// without a limit scans all keys, and needs no index.
type search struct {
	*store
	index index
	whole bool // scan all keys
	page  int  // entries of a shard that are read in one go

	shards  []shardWalk // nil: not begun
	old     map[string]line
	unseen  func(string)
	foreign int // traces found that are not in the index
}

// shardWalk is how far a shard has been walked, from the highest score down. Entries
// that come meanwhile do not shift the next page.
type shardWalk struct {
	key   string
	score float64 // of the last entry that was read
	ties  int64   // how many of that score were read
	begun bool
	done  bool
}

func (d *store) search(q driver.Query, old map[string]line) *search {
	s := &search{store: d, index: traceIndex, whole: q.Limit == 0 || d.config.legacy, page: 8 + 2*q.Limit/shards, old: old, unseen: q.Unseen}
	if q.ErrorsOnly {
		s.index = failedIndex
	}
	return s
}

// next is the Next of a [kit.Newest].
func (s *search) next(ctx context.Context) (found []kit.Candidate, rest string, err error) {
	if s.shards == nil {
		for n := range shards {
			s.shards = append(s.shards, shardWalk{key: s.index.shard(n)})
		}
		if found, err = s.strangers(ctx); err != nil || s.whole {
			return found, "", err
		}
	}
	entries, rest, err := s.entries(ctx)
	return append(found, entries...), rest, err
}

// entries reads the next entries of all shards.
func (s *search) entries(ctx context.Context) (found []kit.Candidate, rest string, err error) {
	pages := make([]*redis.ZSliceCmd, len(s.shards))
	err = s.pipelined(ctx, func(pipe redis.Pipeliner) {
		for i := range s.shards {
			w := &s.shards[i]
			if w.done {
				continue
			}
			from := "+inf"
			if w.begun {
				from = strconv.FormatFloat(w.score, 'f', -1, 64)
			}
			pages[i] = pipe.ZRevRangeByScoreWithScores(ctx, w.key, &redis.ZRangeBy{Min: "-inf", Max: from, Offset: w.ties, Count: int64(s.page)})
		}
	})
	if err != nil {
		return nil, "", err
	}
	for i, page := range pages {
		if page == nil {
			continue
		}
		if err := page.Err(); err != nil && !forbidden(err) {
			return nil, "", fmt.Errorf("%s: %s: %w", s.limit.Store, s.shards[i].key, err)
		}
		w := &s.shards[i]
		for _, z := range page.Val() {
			if base, ok := z.Member.(string); ok {
				found = append(found, kit.Candidate{ID: base, Bound: bound(z.Score)})
			}
			if !w.begun || z.Score != w.score {
				w.begun, w.score, w.ties = true, z.Score, 0
			}
			w.ties++
		}
		if w.done = len(page.Val()) < s.page; !w.done {
			rest = max(rest, bound(w.score))
		}
	}
	s.page = min(2*s.page, chunk)
	return found, rest, nil
}

// strangers scans for the traces that are not in the index, or for all of them, and
// says how much was not looked at.
func (s *search) strangers(ctx context.Context) (found []kit.Candidate, err error) {
	most, others := 0, 0
	if !s.whole {
		if others, err = s.otherKeys(ctx); err != nil {
			return nil, err
		}
		most = scanFew
		if others > 0 {
			most = scanMost
		}
	}
	complete, err := s.scan(ctx, s.index.prefix+"*", most, func(keys []string) error {
		bases := make([]string, len(keys))
		for i, key := range keys {
			bases[i] = key[len(s.index.prefix):]
		}
		if !s.whole {
			var err error
			if bases, err = s.unindexed(ctx, bases); err != nil {
				return err
			}
			s.foreign += len(bases)
		}
		return s.bounds(ctx, bases, -1, func(base, timestamp string) {
			if l, ok := s.old[base]; ok && (timestamp == "" || l.Timestamp < timestamp) {
				timestamp = l.Timestamp
			}
			if timestamp != "" {
				found = append(found, kit.Candidate{ID: strings.Clone(base), Bound: strings.Clone(timestamp)})
			}
		})
	})
	if err != nil {
		return nil, err
	}
	if left := others - s.foreign; !complete && left > 0 && s.unseen != nil {
		s.unseen(fmt.Sprintf("about %d keys of other programs", left))
	}
	if s.index == traceIndex {
		for base, l := range s.old {
			found = append(found, kit.Candidate{ID: base, Bound: l.Timestamp})
		}
	}
	return found, nil
}

// otherKeys is about how many keys Sonde has not written. Entries whose traces are
// gone make it too small.
func (s *search) otherKeys(ctx context.Context) (int, error) {
	var keys int64
	err := s.read(ctx, func() (err error) {
		keys, err = s.client.DBSize(ctx).Result() // of all nodes of a cluster
		return err
	})
	if err != nil {
		return 0, s.explain(ctx, err)
	}
	var cards []*redis.IntCmd
	err = s.pipelined(ctx, func(pipe redis.Pipeliner) {
		for _, x := range indexes {
			for n := range shards {
				cards = append(cards, pipe.ZCard(ctx, x.shard(n)))
			}
		}
	})
	for _, c := range cards {
		if n := c.Val(); n > 0 {
			keys -= n + 1
		}
	}
	return int(keys), err
}

// unindexed are those of the traces that are not in the index.
func (s *search) unindexed(ctx context.Context, bases []string) (strangers []string, err error) {
	scores := make([]*redis.FloatCmd, len(bases))
	err = s.pipelined(ctx, func(pipe redis.Pipeliner) {
		for i, base := range bases {
			scores[i] = pipe.ZScore(ctx, s.index.key(base), base)
		}
	})
	if err != nil {
		return nil, err
	}
	for i, score := range scores {
		if score.Err() != nil {
			strangers = append(strangers, bases[i])
		}
	}
	return strangers, nil
}

// bounds calls do with the timestamp of the record at an index of each trace's
// list, "" where there is no list.
func (d *store) bounds(ctx context.Context, bases []string, index int64, do func(base, timestamp string)) error {
	records := make([]*redis.StringCmd, len(bases))
	err := d.pipelined(ctx, func(pipe redis.Pipeliner) {
		for i, base := range bases {
			records[i] = pipe.LIndex(ctx, listPrefix+base, index)
		}
	})
	if err != nil {
		return err
	}
	for i, base := range bases {
		if records[i].Err() != nil {
			do(base, "")
			continue
		}
		r, err := record.Parse([]byte(records[i].Val()))
		if err != nil || r.Timestamp == "" {
			r.Timestamp = kit.Unbounded // it tells nothing about when its trace began
		}
		do(base, r.Timestamp)
	}
	return nil
}
