package redis

import (
	"context"
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
	"github.com/sonde-go/sonde/record"
)

// chunk is how many records are asked for at once.
const chunk = 1000

// Records implements driver.Reader: the newest record first, and before all
// of them those of the old layout.
func (d *store) Records(ctx context.Context, baseID string) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) {
		if d.config.legacy {
			records, err := d.legacyRecords(ctx, baseID)
			if err != nil {
				yield(record.Record{}, err)
				return
			}
			var p record.Parser
			for _, raw := range records {
				if !yield(p.Parse(raw)) {
					return
				}
			}
		}
		d.list(ctx, baseID, 0, yield)
	}
}

// list yields the records of a list from an index on. Records that are written
// meanwhile move the others on, so that some may come twice, but none is left
// out.
func (d *store) list(ctx context.Context, baseID string, from int64, yield func(record.Record, error) bool) {
	var p record.Parser
	for {
		var values []string
		err := d.read(ctx, func() (err error) {
			values, err = d.client.LRange(ctx, listPrefix+baseID, from, from+chunk-1).Result()
			return err
		})
		if err != nil {
			yield(record.Record{}, d.explain(ctx, err))
			return
		}
		for _, v := range values {
			if !yield(p.Parse([]byte(v))) {
				return
			}
		}
		if len(values) < chunk {
			return
		}
		from += chunk
	}
}

// legacyRecords reads the records of a trace in the old layout, in the order of
// their timestamps, with which their keys end.
func (d *store) legacyRecords(ctx context.Context, baseID string) ([][]byte, error) {
	type entry struct{ timestamp, record string }
	var entries []entry
	err := d.legacy(ctx, escapeGlob(baseID)+"_*", func(key, value string) {
		// A base id may hold underscores too, so the pattern is not enough.
		r, err := record.Parse([]byte(value))
		if err != nil || r.Trace == baseID {
			entries = append(entries, entry{key[strings.LastIndexByte(key, '_')+1:], value})
		}
	})
	slices.SortFunc(entries, func(a, b entry) int {
		if c := strings.Compare(a.timestamp, b.timestamp); c != 0 {
			return c
		}
		return strings.Compare(a.record, b.record)
	})
	entries = slices.Compact(entries) // SCAN may return a key twice
	records := make([][]byte, len(entries))
	for i, e := range entries {
		records[i] = []byte(e.record)
	}
	return records, err
}

// legacy calls do for each record in the old layout whose key has the pattern
// after its prefix, one at a time, some perhaps twice.
func (d *store) legacy(ctx context.Context, pattern string, do func(key, value string)) error {
	_, err := d.scan(ctx, legacyPrefix+pattern, 0, func(keys []string) error {
		values := make([]*redis.StringCmd, len(keys))
		err := d.pipelined(ctx, func(pipe redis.Pipeliner) {
			for i, key := range keys {
				values[i] = pipe.Get(ctx, key)
			}
		})
		if err != nil {
			return err
		}
		for i, v := range values {
			if v.Err() == nil { // neither gone nor of another type
				do(keys[i], v.Val())
			}
		}
		return nil
	})
	return err
}

// pipelined sends commands that change nothing in one round trip. What the
// server answers to each, refusals included, is in the commands. If there is no
// connection no command has an error, but Exec returns one.
func (d *store) pipelined(ctx context.Context, add func(redis.Pipeliner)) error {
	err := d.read(ctx, func() error {
		pipe := d.client.Pipeline()
		add(pipe)
		if pipe.Len() == 0 {
			return nil
		}
		commands, err := pipe.Exec(ctx)
		for _, c := range commands {
			if c.Err() == nil {
				continue
			}
			if err = nil; !answered(c.Err()) {
				return c.Err()
			}
		}
		return err
	})
	return d.explain(ctx, err)
}

// scan calls do with the keys that match a pattern, page by page, one call at a
// time. A key may come twice. It looks at about so many keys of each node, matching or
// not, 0 for all, and reports whether these were all.
func (d *store) scan(ctx context.Context, pattern string, most int, do func(keys []string) error) (complete bool, err error) {
	c, ok := d.client.(*redis.ClusterClient)
	if !ok {
		complete, err = d.scanNode(ctx, d.client, pattern, most, do)
		return complete, d.explain(ctx, err)
	}
	var mu sync.Mutex
	complete = true
	err = c.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		all, err := d.scanNode(ctx, node, pattern, most, func(keys []string) error {
			mu.Lock()
			defer mu.Unlock()
			return do(keys)
		})
		mu.Lock()
		defer mu.Unlock()
		complete = complete && all
		return err
	})
	return complete, d.explain(ctx, err)
}

func (d *store) scanNode(ctx context.Context, node redis.Cmdable, pattern string, most int, do func(keys []string) error) (complete bool, err error) {
	cursor := uint64(0)
	for looked := 0; ; {
		count := chunk
		if most > 0 {
			count = min(count, most-looked)
		}
		looked += count
		var keys []string
		var next uint64
		err := d.read(ctx, func() (err error) {
			keys, next, err = node.Scan(ctx, cursor, pattern, int64(count)).Result()
			return err
		})
		if err != nil {
			return false, err
		}
		if len(keys) > 0 {
			if err := do(keys); err != nil {
				return false, err
			}
		}
		if cursor = next; cursor == 0 || looked == most {
			return cursor == 0, nil
		}
	}
}

// escapeGlob makes a pattern that matches s alone.
func escapeGlob(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`).Replace(s)
}
