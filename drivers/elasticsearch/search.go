package elasticsearch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/sonde-go/sonde/internal/jsontext"
)

// hit is a document that a search found.
type hit struct {
	Index  string          `json:"_index"`
	Type   string          `json:"_type"`
	ID     string          `json:"_id"`
	Source json.RawMessage `json:"_source"`
}

type page struct {
	ScrollID string `json:"_scroll_id"`
	Hits     struct{ Hits []hit }
}

const matchAll = `{"match_all":{}}`

// ofTrace is the query for a trace. Where OSProfiler made the index, base_id is
// analysed text, for which the second part is; other traces may match it too.
func ofTrace(baseID string) string {
	id := string(jsontext.AppendString(nil, baseID))
	return `{"bool":{"should":[{"term":{"base_id":` + id + `}},{"match_phrase":{"base_id":` + id + `}}]}}`
}

// search says which documents are wanted.
type search struct {
	query  string // JSON
	source string // JSON array of the fields that are wanted, "" for all
	byTime bool   // in the order of their timestamps
}

// scan calls do with the documents of an index that a search finds, page by
// page, until do returns false. An index that is missing is empty.
func (d *store) scan(ctx context.Context, index string, s search, do func(*hit) bool) error {
	sort := `["_doc"]`
	if s.byTime {
		sort = `[{"timestamp":{"order":"asc","unmapped_type":"date"}},"_doc"]`
	}
	body := `{"query":` + s.query + `,"sort":` + sort
	if s.source != "" {
		body += `,"_source":` + s.source
	}
	path := "/" + index + "/_search?scroll=" + d.scrollTime + "&size=" + strconv.Itoa(d.scrollSize)
	p, err := d.page(ctx, path, body+"}")
	var status *statusError
	if errors.As(err, &status) && status.status == http.StatusNotFound {
		return nil
	}
	for err == nil && len(p.Hits.Hits) > 0 {
		for i := range p.Hits.Hits {
			if !do(&p.Hits.Hits[i]) {
				d.endScroll(ctx, p.ScrollID)
				return nil
			}
		}
		id := string(jsontext.AppendString(nil, p.ScrollID))
		last := p.ScrollID
		if p, err = d.page(ctx, "/_search/scroll", `{"scroll":"`+d.scrollTime+`","scroll_id":`+id+`}`); err != nil {
			d.endScroll(ctx, last)
		}
	}
	if err != nil {
		return err
	}
	d.endScroll(ctx, p.ScrollID)
	return nil
}

func (d *store) page(ctx context.Context, path, body string) (p page, err error) {
	reply, err := d.do(ctx, http.MethodPost, path, typeJSON, []byte(body))
	if err != nil {
		return p, err
	}
	if err := json.Unmarshal(reply.Body, &p); err != nil {
		return p, fmt.Errorf("the answer of Elasticsearch cannot be read: %w", err)
	}
	return p, nil
}

// endScroll frees what the server keeps for a search. If it fails, the server
// does so by itself after the scroll time.
func (d *store) endScroll(ctx context.Context, id string) {
	if id == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	body := `{"scroll_id":` + string(jsontext.AppendString(nil, id)) + `}`
	_, _ = d.do(ctx, http.MethodDelete, "/_search/scroll", typeJSON, []byte(body))
}
