// Package elasticsearch is the driver that keeps traces in Elasticsearch 6 to
// 9 or OpenSearch, as OSProfiler does. Import it for its schemes:
//
//	elasticsearch://[user:password@]host[:9200][/path]         over HTTP
//	elasticsearch+https://[user:password@]host[:9200][/path]   over HTTPS
//
// Special characters in a password are percent-encoded. Options, besides the common
// ones (see package drivers):
//
//	doc_type=NAME     the type of the documents, in Elasticsearch 7 and before;
//	                  default notification
//	scroll_time=2m    how long a search is kept for its next page
//	scroll_size=10000 how many documents make a page
//
// # Layout
//
// The index "osprofiler-notifications" holds each record as one document; with
// [drivers.Options.FilterErrorTrace], the index "osprofiler-notifications-error"
// holds {base_id, timestamp} of each trace with an error. The first Notify creates
// missing indexes, in Elasticsearch 7 and before with the type doc_type, so that
// OSProfiler can write to them too. In these, ids and names are keywords, and info
// is stored but not indexed: an attribute that is a number in one record and an
// object in another causes no conflict, and attributes do not add up to the limit
// of fields. Existing indexes, also those made by OSProfiler, are used unchanged;
// in the latter Elasticsearch may refuse a record whose info conflicts with earlier
// ones.
//
// A document's id is derived from the record's base id, trace id and name, so that
// a record that is sent twice is stored once. If the answer to a bulk request omits
// documents, those are sent again. A document that is omitted three times even when
// it is sent alone is dropped as rejected, though it may be stored. An answer that
// is not that of a bulk request, such as a proxy's page, means that the store is
// down.
//
// # Behaviour
//
// Records can be read after the index's refresh interval, by default one second.
// The records of a trace are returned in the order of their timestamps;
// scroll_size of them are held in memory at a time. A list reads a few fields of
// every record, since a trace may begin with any of them; its memory grows with the
// number of traces.
package elasticsearch

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/drivers/internal/webstore"
	"github.com/sonde-go/sonde/drivers/kit"
)

func init() {
	drivers.Register(drivers.Scheme{
		Name: "elasticsearch", Secure: "elasticsearch+https", Doc: "Elasticsearch 6 to 9 and OpenSearch, OSProfiler's indexes",
		Example: "elasticsearch://user:password@host:9200", Port: "9200",
		Import: "github.com/sonde-go/sonde/drivers/elasticsearch",
		Options: []drivers.Option{
			{Name: "doc_type", Default: "notification", Doc: "the type of the documents, in Elasticsearch 7 and before (es_doc_type)"},
			{Name: "scroll_time", Kind: drivers.Duration, Default: "2m", Doc: "how long Elasticsearch keeps a search for its next page (es_scroll_time)"},
			{Name: "scroll_size", Kind: drivers.Count, Default: "10000", Doc: "how many documents make a page (es_scroll_size)"},
		},
		Open: open,
	})
}

const (
	recordIndex = "osprofiler-notifications"
	errorIndex  = "osprofiler-notifications-error"
)

type store struct {
	client     *webstore.Client
	root       string // http://host:port/path
	auth       string // of the header Authorization
	docType    string
	scrollTime string
	scrollSize int
	fileErrors bool
	logger     *slog.Logger
	asking     kit.Mutex
	server     server // what is known of it; guarded by asking
}

func open(_ context.Context, u *drivers.URL, o drivers.Options) (driver.Driver, error) {
	h, path, err := u.Server()
	if err != nil {
		return nil, err
	}
	tls, err := u.TLS()
	if err != nil {
		return nil, err
	}
	protocol := "http"
	if tls != nil {
		protocol = "https"
	}
	d := &store{
		client:     webstore.New(kit.Limit{Store: "Elasticsearch at " + h.Addr, Time: o.SocketTimeout}, o.ConnectTimeout, tls),
		root:       strings.TrimRight(protocol+"://"+h.Addr+"/"+path, "/"),
		docType:    u.Text("doc_type"),
		scrollTime: scrollTime(u.Duration("scroll_time")),
		scrollSize: u.Count("scroll_size"),
		fileErrors: o.FilterErrorTrace,
		logger:     o.Logger,
		asking:     kit.NewMutex(),
	}
	if h.User != "" {
		d.auth = "Basic " + base64.StdEncoding.EncodeToString([]byte(h.User+":"+h.Password))
	}
	return d, nil
}

// scrollTime is a duration in Elasticsearch's units.
func scrollTime(t time.Duration) string {
	if t%time.Minute == 0 {
		return fmt.Sprintf("%dm", t/time.Minute)
	}
	return fmt.Sprintf("%dms", max(t.Milliseconds(), 1))
}

const (
	typeJSON = "application/json"
	typeBulk = "application/x-ndjson"
)

// do sends a request. A reply that is not one of success is an error too, a
// *statusError.
func (d *store) do(ctx context.Context, method, path, contentType string, body []byte) (*webstore.Reply, error) {
	header := http.Header{"Accept": {typeJSON}}
	if body != nil {
		header.Set("Content-Type", contentType)
	}
	if d.auth != "" {
		header.Set("Authorization", d.auth)
	}
	reply, err := d.client.Do(ctx, webstore.Request{Method: method, URL: d.root + path, Body: body, Header: header})
	if err != nil {
		return nil, err
	}
	if reply.Status/100 != 2 {
		return reply, newStatusError(reply)
	}
	return reply, nil
}

// Terms implements [driver.Promising].
func (d *store) Terms() driver.Terms {
	return driver.Terms{
		Acknowledged: "on the disks of the shard and its replicas (index.translog.durability)",
		Repeated:     "kept once",
		Filed:        true,
		Listed:       "six fields of every record",
	}
}

func (d *store) Ping(ctx context.Context) error {
	_, err := d.do(ctx, http.MethodGet, "/", "", nil)
	return err
}

func (d *store) Close() error { return d.client.Close() }
