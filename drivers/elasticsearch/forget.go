package elasticsearch

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/record"
)

// atOnce is how many documents one request removes.
const atOnce = 5000

func (d *store) Delete(ctx context.Context, baseID string) error {
	s, err := d.ask(ctx, false)
	if err != nil {
		return err
	}
	if err := d.refresh(ctx); err != nil {
		return err
	}
	return d.remove(ctx, &s, baseID)
}

func (d *store) Prune(ctx context.Context, olderThan time.Time) (int, error) {
	s, err := d.ask(ctx, false)
	if err != nil {
		return 0, err
	}
	if err := d.refresh(ctx); err != nil {
		return 0, err
	}
	last := map[string]string{}
	err = d.scan(ctx, recordIndex, search{query: matchAll, source: `["base_id","timestamp"]`}, func(h *hit) bool {
		id, ok := jsontext.Text(jsontext.Get(h.Source, "base_id"))
		if ok {
			timestamp, _ := jsontext.Text(jsontext.Get(h.Source, "timestamp"))
			last[id] = max(last[id], timestamp)
		}
		return true
	})
	if err != nil {
		return 0, err
	}
	limit := string(record.AppendTimestamp(nil, olderThan.UnixNano()))
	n := 0
	for id, timestamp := range last {
		if timestamp >= limit {
			continue
		}
		if err := d.remove(ctx, &s, id); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// refresh lets searches see what was written just now. Not every user may ask
// for it, so that only a server that does not answer is an error.
func (d *store) refresh(ctx context.Context) error {
	for _, index := range []string{recordIndex, errorIndex} {
		if _, err := d.do(ctx, http.MethodPost, "/"+index+"/_refresh", "", nil); errors.Is(err, driver.ErrNoAnswer) {
			return err
		}
	}
	return nil
}

// remove deletes the documents of one trace by their ids, since a query may
// find those of others.
func (d *store) remove(ctx context.Context, s *server, baseID string) error {
	for _, index := range []string{recordIndex, errorIndex} {
		var hits []hit
		err := d.scan(ctx, index, search{query: ofTrace(baseID), source: `["base_id"]`}, func(h *hit) bool {
			if id, _ := jsontext.Text(jsontext.Get(h.Source, "base_id")); id == baseID {
				hits = append(hits, *h)
			}
			return true
		})
		if err != nil {
			return err
		}
		for some := range slices.Chunk(hits, atOnce) {
			if err := d.removeHits(ctx, s, some); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *store) removeHits(ctx context.Context, s *server, hits []hit) error {
	var body []byte
	for _, h := range hits {
		body = append(body, `{"delete":{"_index":`...)
		body = jsontext.AppendString(body, h.Index)
		if s.typed {
			body = jsontext.AppendString(append(body, `,"_type":`...), h.Type)
		}
		body = jsontext.AppendString(append(body, `,"_id":`...), h.ID)
		body = append(body, "}}\n"...)
	}
	_, err := d.do(ctx, http.MethodPost, "/"+url.PathEscape(hits[0].Index)+"/_bulk?refresh=true", typeBulk, body)
	return err
}
