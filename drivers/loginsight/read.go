package loginsight

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sonde-go/sonde/drivers/internal/webstore"
	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/record"
)

// limit is how many events Log Insight gives at most.
const limit = 20000

func (d *store) Records(ctx context.Context, baseID string) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) {
		if baseID == "" || !utf8.ValidString(baseID) {
			return
		}
		a, err := d.query(ctx, baseID)
		if err != nil {
			yield(record.Record{}, err)
			return
		}
		for _, f := range records(a.Events, baseID) {
			if !yield(f.record, f.err) {
				return
			}
		}
		if a.Complete != nil && !*a.Complete {
			yield(record.Record{}, errors.New("Log Insight found a part of the trace only: its time for a query was over"))
		}
	}
}

// result is what Log Insight says to a query.
type result struct {
	Events   []event
	Complete *bool
}

type event struct {
	Fields []struct{ Name, Content string }
}

func (d *store) query(ctx context.Context, baseID string) (a result, err error) {
	// In a path of theirs "+" is a blank.
	id := strings.ReplaceAll(url.PathEscape(baseID), "+", "%2B")
	path := fmt.Sprintf("/api/v1/events/base_id/CONTAINS+%s/timestamp/GT+0?limit=%d&timeout=%d", id, limit, d.limit.Milliseconds())
	reply, err := d.asUser(ctx, webstore.Request{Method: http.MethodGet, URL: d.root + path})
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(reply.Body, &a); err != nil {
		return a, fmt.Errorf("the answer of Log Insight cannot be read: %w", err)
	}
	if len(a.Events) >= limit {
		d.logger.Warn("the trace may have more records than Log Insight gives", "base_id", baseID, "records", len(a.Events))
	}
	return a, nil
}

// found is a record that was read, or why it could not be.
type found struct {
	record    record.Record
	err       error
	timestamp string
}

// records returns those of the events that are of one trace (the search finds
// words and patterns), in the order of their timestamps.
func records(events []event, baseID string) (all []found) {
	var p record.Parser
	for _, e := range events {
		var trace []byte
		base := ""
		for _, f := range e.Fields {
			switch f.Name {
			case "trace":
				trace = []byte(f.Content)
			case "base_id":
				base = f.Content
			}
		}
		if trace == nil || base != baseID {
			continue
		}
		var f found
		f.record, f.err = p.Parse(trace)
		f.timestamp = f.record.Timestamp
		if f.err != nil {
			f.timestamp, _ = jsontext.Text(jsontext.Get(trace, "timestamp"))
		}
		all = append(all, f)
	}
	slices.SortStableFunc(all, func(a, b found) int { return cmp.Compare(a.timestamp, b.timestamp) })
	return all
}
