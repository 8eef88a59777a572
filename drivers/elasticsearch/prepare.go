package elasticsearch

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/sonde-go/sonde/internal/jsontext"
)

// server is what is known of the server.
type server struct {
	known bool // typed and typedCreate are right
	// typed: a document's path has a type, as in Elasticsearch 6 and before.
	typed bool
	// typedCreate: an index can be made with a type, as in Elasticsearch 7 and
	// OpenSearch 1 too. (Documents of these have none in their path, which
	// works whatever the type of the index is.)
	typedCreate bool

	made bool // the indexes are there, or cannot be made
}

// ask finds out about the server, and makes the indexes that are missing if
// that is wanted. It does each once.
func (d *store) ask(ctx context.Context, prepare bool) (s server, err error) {
	if err := d.asking.Lock(ctx); err != nil {
		return s, err
	}
	defer d.asking.Unlock()
	if !d.server.known {
		reply, err := d.do(ctx, http.MethodGet, "/", "", nil)
		if err != nil {
			return s, err
		}
		d.server = version(reply.Body)
	}
	if prepare && !d.server.made {
		if err := d.makeIndexes(ctx, &d.server); err != nil {
			return s, err
		}
		d.server.made = true
	}
	return d.server, nil
}

// version reads the answer to GET /. What does not say is taken for new.
func version(info []byte) server {
	number, _ := jsontext.Text(jsontext.Get(info, "version", "number"))
	distribution, _ := jsontext.Text(jsontext.Get(info, "version", "distribution"))
	text, _, _ := strings.Cut(number, ".")
	major, err := strconv.Atoi(text)
	s := server{known: true}
	switch {
	case err != nil || major < 1:
	case distribution == "opensearch":
		s.typedCreate = major == 1
	default:
		s.typed = major <= 6
		s.typedCreate = major <= 7
	}
	return s
}

// The fields of the documents. A timestamp that is none is kept unindexed.
const (
	recordFields = `"dynamic":false,"properties":{` +
		`"name":{"type":"keyword"},"base_id":{"type":"keyword"},"trace_id":{"type":"keyword"},"parent_id":{"type":"keyword"},` +
		`"timestamp":{"type":"date","ignore_malformed":true},"info":{"type":"object","enabled":false},` +
		`"project":{"type":"keyword"},"service":{"type":"keyword"}}`
	errorFields = `"dynamic":false,"properties":{"base_id":{"type":"keyword"},"timestamp":{"type":"date","ignore_malformed":true}}`
)

func (d *store) makeIndexes(ctx context.Context, s *server) error {
	if err := d.makeIndex(ctx, s, recordIndex, recordFields); err != nil || !d.fileErrors {
		return err
	}
	return d.makeIndex(ctx, s, errorIndex, errorFields)
}

// makeIndex makes an index unless it is there. That a user may not do it is
// only a warning: Elasticsearch makes it when the first document comes.
func (d *store) makeIndex(ctx context.Context, s *server, name, fields string) error {
	_, err := d.do(ctx, http.MethodHead, "/"+name, "", nil)
	if err == nil {
		return nil
	}
	var status *statusError
	if errors.As(err, &status) && status.status == http.StatusNotFound {
		path, mapping := "/"+name, "{"+fields+"}"
		if s.typedCreate {
			mapping = "{" + string(jsontext.AppendString(nil, d.docType)) + ":" + mapping + "}"
			if !s.typed {
				path += "?include_type_name=true"
			}
		}
		_, err = d.do(ctx, http.MethodPut, path, typeJSON, []byte(`{"mappings":`+mapping+`}`))
		if err == nil {
			return nil
		}
	}
	switch {
	case !errors.As(err, &status):
		return err
	case status.status == http.StatusUnauthorized, status.status == http.StatusTooManyRequests, status.status >= 500:
		return err
	case status.kind == "resource_already_exists_exception", status.kind == "index_already_exists_exception":
		return nil
	}
	d.logger.Warn("cannot create an index in Elasticsearch, which will create it with its own defaults", "index", name, "error", err)
	return nil
}
