// Package elasticsearch is the driver that keeps traces in Elasticsearch 6 to
// 9 or OpenSearch, as OSProfiler does. Import it for its schemes:
//
//	elasticsearch://[user:password@]host[:9200][/path]         over HTTP
//	elasticsearch+https://[user:password@]host[:9200][/path]   over HTTPS
//
// What is special in a password is written percent-encoded. Options in the
// URL's query, for HTTPS:
//
//	ssl_ca_certs=FILE  PEM file of the authorities to trust
//	ssl_cert_reqs=none do not verify the server's certificate
//
// # Layout
//
// The index "osprofiler-notifications" holds each record as one document; with
// [drivers.Options.FilterErrorTrace] the index "osprofiler-notifications-error"
// holds {base_id, timestamp} of each trace with an error. The first Notify
// makes the indexes that are missing, in Elasticsearch 7 and before with the
// type [drivers.Options.ESDocType], so that OSProfiler can write to them too. In
// them ids and names are keywords and info is stored, not indexed: an attribute
// that is a number in one record and an object in another is no conflict, and
// attributes do not add up to the limit of fields. An index that exists is used
// as it is, one that OSProfiler made included; there Elasticsearch may refuse a
// record whose info does not fit those before.
//
// A document's id is made from the record's base id, trace id and name, so that
// a record that is sent twice is stored once. So when the answer to a bulk
// request leaves documents out, those are sent again, and one that gets no
// answer three times, when it is sent alone, is dropped as rejected, though it
// may be stored. An answer that is none of a bulk request, such as the page of a
// proxy, is a store that is down.
//
// # Behaviour
//
// What is written can be read after the index's refresh interval, one second
// unless set otherwise. The records of a trace come in the order of their
// timestamps, of which [drivers.Options.ESScrollSize] are held in memory at a
// time. A list reads a few fields of every record, since a
// trace may begin with any of them; its memory grows with the number of traces.
package elasticsearch

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/drivers/internal/answer"
	"github.com/sonde-go/sonde/drivers/internal/webstore"
	"github.com/sonde-go/sonde/drivers/kit"
)

func init() {
	drivers.Register("elasticsearch", open)
	drivers.Register("elasticsearch+https", open)
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

func open(_ context.Context, url string, o drivers.Options) (driver.Driver, error) {
	scheme, _, _ := strings.Cut(url, ":")
	a, err := webstore.Parse(url, "9200", "ssl_ca_certs", "ssl_cert_reqs")
	if err != nil {
		return nil, err
	}
	protocol := "http"
	if scheme == "elasticsearch+https" {
		protocol = "https"
	} else if len(a.Options) > 0 {
		return nil, errors.New("ssl_ca_certs and ssl_cert_reqs belong to elasticsearch+https://")
	}
	reqs := a.Options.Get("ssl_cert_reqs")
	if reqs != "" && reqs != "none" && reqs != "required" {
		return nil, errors.New("ssl_cert_reqs is required or none")
	}
	tls, err := kit.TLS(a.Options.Get("ssl_ca_certs"), reqs == "none")
	if err != nil {
		return nil, fmt.Errorf("ssl_ca_certs: %w", err)
	}
	d := &store{
		client:     webstore.New(answer.Limit{Store: "Elasticsearch at " + a.Host, Time: o.SocketTimeout}, o.ConnectTimeout, tls),
		root:       protocol + "://" + a.Host + a.Path,
		docType:    o.ESDocType,
		scrollTime: scrollTime(o.ESScrollTime),
		scrollSize: o.ESScrollSize,
		fileErrors: o.FilterErrorTrace,
		logger:     o.Logger,
		asking:     kit.NewMutex(),
	}
	if a.User != "" {
		d.auth = "Basic " + base64.StdEncoding.EncodeToString([]byte(a.User+":"+a.Password))
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

func (d *store) Ping(ctx context.Context) error {
	_, err := d.do(ctx, http.MethodGet, "/", "", nil)
	return err
}

func (d *store) Close() error { return d.client.Close() }
