package redis

import (
	"context"
	"errors"
	"time"

	"github.com/sonde-go/sonde/drivers/kit"
	"github.com/sonde-go/sonde/record"
)

// Delete implements driver.Deleter.
func (d *store) Delete(ctx context.Context, baseID string) error {
	err := d.remove(ctx, []string{listPrefix + baseID, errorPrefix + baseID})
	for _, x := range indexes {
		if err == nil {
			err = d.leave(ctx, x, []string{baseID})
		}
	}
	if err != nil || !d.config.legacy {
		return err
	}
	var old []string
	err = d.legacy(ctx, escapeGlob(baseID)+"_*", func(key, value string) {
		if r, err := record.Parse([]byte(value)); err == nil && r.Trace == baseID {
			old = append(old, key)
		}
	})
	if err != nil {
		return err
	}
	return d.remove(ctx, old)
}

// remove deletes keys, which may lie on different nodes of a cluster.
func (d *store) remove(ctx context.Context, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	pipe := d.client.Pipeline()
	for _, key := range keys {
		pipe.Del(ctx, key)
	}
	_, err := pipe.Exec(ctx)
	return d.explain(ctx, err)
}

// Prune implements driver.Pruner. It leaves what is in the layout of before
// OSProfiler 2.8.
func (d *store) Prune(ctx context.Context, olderThan time.Time) (int, error) {
	limit := string(record.AppendTimestamp(nil, olderThan.UnixNano()))
	removed := 0
	_, err := d.scan(ctx, listPrefix+"*", 0, func(keys []string) error {
		bases := make([]string, len(keys))
		for i, key := range keys {
			bases[i] = key[len(listPrefix):]
		}
		// The record that came last is nearly the last in time.
		var old []string
		err := d.bounds(ctx, bases, 0, func(base, timestamp string) {
			if timestamp != "" && (timestamp < limit || timestamp == kit.Unbounded) {
				old = append(old, base)
			}
		})
		if err != nil {
			return err
		}
		for _, base := range old {
			last, err := d.last(ctx, base)
			if err != nil {
				return err
			}
			if last == "" || last >= limit {
				continue
			}
			gone, err := d.client.Del(ctx, listPrefix+base).Result()
			if err != nil {
				return d.explain(ctx, err)
			}
			removed += int(gone)
			if err := d.remove(ctx, []string{errorPrefix + base}); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = d.sweep(ctx, olderThan)
	}
	return removed, err
}

// last is the timestamp of the last record of a trace, "" if none can be read.
func (d *store) last(ctx context.Context, base string) (string, error) {
	last := ""
	var err error
	d.list(ctx, base, 0, func(r record.Record, e error) bool {
		var bad *record.BadRecordError
		if errors.As(e, &bad) {
			e = nil
		}
		last, err = max(last, r.Timestamp), e
		return err == nil
	})
	return last, err
}
