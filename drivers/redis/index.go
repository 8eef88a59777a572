package redis

import (
	"context"
	"hash/crc32"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/sonde-go/sonde/record"
)

// An index is the base ids that Sonde has written, each with the microsecond of a
// record of that trace: its beginning, or a little later if another service's batch
// came first. It is there so that a list of the newest traces need not walk all
// keys. It lies in shards, sorted sets that a cluster spreads over its nodes.
//
// An entry is written before the records, in the same round trip, so that whoever
// dies in between leaves an entry without a trace and not the reverse; readers pass
// over it, and prune removes it.
type index struct {
	name   string // of the shards' keys, less their numbers
	prefix string // of the keys of what is indexed
}

// shards is how many there are: a constant of the layout.
const shards = 16

var (
	traceIndex  = index{"sonde:traces:", listPrefix}
	failedIndex = index{"sonde:failed:", errorPrefix}
	indexes     = []index{traceIndex, failedIndex}
)

// key is where a trace is entered.
func (x index) key(base string) string {
	return x.shard(int(crc32.ChecksumIEEE([]byte(base)) % shards))
}

func (x index) shard(n int) string { return x.name + strconv.Itoa(n) }

// enter is the command that enters a trace unless it is there. Not all servers can
// lower a score instead (Redis 6.2).
func (x index) enter(ctx context.Context, base string, nanos int64) redis.Cmder {
	return redis.NewIntCmd(ctx, "zadd", x.key(base), "nx", nanos/int64(time.Microsecond), base)
}

// bound is the timestamp that a score stands for.
func bound(score float64) string {
	return string(record.AppendTimestamp(nil, int64(score)*int64(time.Microsecond)))
}

// onlyIndex reports whether nothing is wrong with some commands but that the server
// refuses those that change the index, because of the user's rights, say. Lists find
// the traces that are not entered as they find those of other programs.
func onlyIndex(commands []redis.Cmder) bool {
	refused := false
	for _, c := range commands {
		if err := c.Err(); err != nil {
			if c.Name() != "zadd" && c.Name() != "zrem" || !answered(err) {
				return false
			}
			refused = true
		}
	}
	return refused
}

// forbidden reports whether the user has no right to the index.
func forbidden(err error) bool { return redis.HasErrorPrefix(err, "NOPERM") }

// sweepPage is how many entries a sweep looks at in one go.
const sweepPage = 500

// sweep removes the entries from before a time whose traces are gone.
func (d *store) sweep(ctx context.Context, before time.Time) error {
	limit := "(" + strconv.FormatInt(before.UnixMicro(), 10)
	for _, x := range indexes {
		for n := range shards {
			for kept := int64(0); ; {
				var bases []string
				err := d.read(ctx, func() (err error) {
					bases, err = d.client.ZRangeByScore(ctx, x.shard(n), &redis.ZRangeBy{Min: "-inf", Max: limit, Offset: kept, Count: sweepPage}).Result()
					return err
				})
				if forbidden(err) {
					return nil
				}
				if err != nil {
					return d.explain(ctx, err)
				}
				gone, err := d.gone(ctx, x, bases)
				if err == nil && len(gone) > 0 {
					err = d.leave(ctx, x, gone)
				}
				if err != nil {
					return err
				}
				if len(bases) < sweepPage {
					break
				}
				kept += int64(len(bases) - len(gone))
			}
		}
	}
	return nil
}

// gone are those of the traces that are not there.
func (d *store) gone(ctx context.Context, x index, bases []string) (gone []string, err error) {
	found := make([]*redis.IntCmd, len(bases))
	err = d.pipelined(ctx, func(pipe redis.Pipeliner) {
		for i, base := range bases {
			found[i] = pipe.Exists(ctx, x.prefix+base)
		}
	})
	for i, f := range found {
		if err == nil && f.Err() == nil && f.Val() == 0 {
			gone = append(gone, bases[i])
		}
	}
	return gone, err
}

// leave removes the entries of traces that are gone, and enters those again that
// somebody has written meanwhile.
func (d *store) leave(ctx context.Context, x index, bases []string) error {
	pipe := d.client.Pipeline()
	found := make([]*redis.IntCmd, len(bases))
	for i, base := range bases {
		pipe.ZRem(ctx, x.key(base), base)
		found[i] = pipe.Exists(ctx, x.prefix+base)
	}
	commands, err := pipe.Exec(ctx)
	if err != nil && !onlyIndex(commands) {
		return d.explain(ctx, err)
	}
	again := d.client.Pipeline()
	for i, f := range found {
		if f.Val() > 0 {
			_ = again.Process(ctx, x.enter(ctx, bases[i], time.Now().UnixNano()))
		}
	}
	if again.Len() == 0 {
		return nil
	}
	_, err = again.Exec(ctx)
	return d.explain(ctx, err)
}
