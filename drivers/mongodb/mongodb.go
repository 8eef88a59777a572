// Package mongodb is the driver that keeps traces in MongoDB, as OSProfiler
// does. Import it for its schemes:
//
//	mongodb://user:password@host:27017/?authSource=admin&tls=true
//	mongodb+srv://user:password@name        Open looks the hosts up in the DNS
//
// The URL is a MongoDB connection string with all its options, and may also have
// the common ones (see package drivers). Unless it says otherwise, finding a server
// may take connect_timeout, and a command socket_timeout (timeoutMS).
//
// The database is always "osprofiler"; the path of the URL names the user's
// database. Its collection "profiler" holds one document for each record, with the
// record's fields and its "info" as a document. With Options.FilterErrorTrace,
// "profiler_error" holds {base_id, timestamp} of the traces with an error. The _id
// of a record is derived from its trace id and name, so that a record that is sent
// twice is stored once. The first Notify creates indexes on base_id and on
// timestamp, which OSProfiler lacks; if the user may not do that, a warning is logged.
//
// Integers of more than 64 bits, NaN and the infinities are written as text, and
// a NUL as U+FFFD, since BSON or a server cannot hold them. Some servers (FerretDB,
// and MongoDB before 5.0) refuse documents that others accept. Those are sent again
// with U+FF0E for "." and U+FF04 for a leading "$" in keys, and with arrays in
// arrays as JSON text.
//
// A list walks down the index of timestamps, whoever wrote the records, and reads five
// fields of the records of the traces that it lists. Without a limit its memory grows
// with the number of traces. (FerretDB, which has no such index, sorts the collection
// for each list.)
package mongodb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/drivers/kit"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

func init() {
	for _, s := range []drivers.Scheme{
		{Name: "mongodb", Doc: "MongoDB and FerretDB, OSProfiler's collections", Example: "mongodb://user:password@host:27017/?authSource=admin&tls=true", Port: "27017", TLS: drivers.TLSByOption},
		{Name: "mongodb+srv", Doc: "the same, hosts looked up in the DNS", Example: "mongodb+srv://user:password@name", Port: "27017", TLS: drivers.TLSAlways},
	} {
		s.Import, s.Open = "github.com/sonde-go/sonde/drivers/mongodb", open
		s.Others = "those of MongoDB's connection strings, such as authSource and timeoutMS"
		drivers.Register(s)
	}
}

type store struct {
	client   *mongo.Client
	records  *mongo.Collection
	failures *mongo.Collection // {base_id, timestamp} of traces with an error
	fileErrs bool
	limit    kit.Limit // of one command
	logger   *slog.Logger
	indexed  atomic.Bool // the indexes were made, or cannot be
}

func open(_ context.Context, u *drivers.URL, o drivers.Options) (driver.Driver, error) {
	return openWith(u, o, nil)
}

// openWith lets a test watch the client.
func openWith(u *drivers.URL, o drivers.Options, watch func(*options.ClientOptions)) (driver.Driver, error) {
	uri := uriOf(u)
	co := options.Client().SetConnectTimeout(o.ConnectTimeout).SetServerSelectionTimeout(o.ConnectTimeout).ApplyURI(uri)
	for _, name := range []string{"tls_ca", "tls_cert", "tls_key", "tls_server_name", "insecure"} {
		if !u.Given(name) {
			continue
		}
		config, err := u.TLS()
		if err != nil {
			return nil, err
		}
		co.SetTLSConfig(config)
		break
	}
	if watch != nil {
		watch(co)
	}
	client, err := mongo.Connect(co)
	if err != nil {
		return nil, hideSecrets(err, uri)
	}
	limit := kit.Limit{Store: "MongoDB at " + strings.Join(co.Hosts, ","), Time: o.SocketTimeout}
	if co.Timeout != nil && *co.Timeout > 0 {
		limit.Time = *co.Timeout
	}
	db := client.Database("osprofiler")
	return &store{
		limit:    limit,
		client:   client,
		records:  db.Collection("profiler"),
		failures: db.Collection("profiler_error"),
		fileErrs: o.FilterErrorTrace,
		logger:   o.Logger,
	}, nil
}

// uriOf is the connection string for the client library, without the options
// that are Sonde's.
func uriOf(u *drivers.URL) string {
	options := maps.Clone(u.Others)
	if u.Given("tls") {
		options.Set("tls", strconv.FormatBool(u.Bool("tls")))
	}
	uri := u.Scheme + "://" + u.Place
	if len(options) == 0 {
		return uri
	}
	if !strings.Contains(u.Place, "/") {
		uri += "/"
	}
	return uri + "?" + options.Encode()
}

// hideSecrets returns what is wrong with a URL. The parser quotes parts of the
// URL, a password among them, so it is asked about the URL without its secrets.
func hideSecrets(err error, url string) error {
	masked := drivers.Redact(url)
	if masked == url {
		return err
	}
	if !strings.HasPrefix(url, "mongodb+srv:") { // which would ask the DNS again
		if err := options.Client().ApplyURI(strings.ReplaceAll(masked, "***", "x")).Validate(); err != nil {
			return err
		}
	}
	return errors.New("the URL cannot be read; are its user name and password percent-encoded?")
}

// Terms implements [driver.Promising].
func (d *store) Terms() driver.Terms {
	return driver.Terms{
		Acknowledged: "as w and journal in the URL say; without them, on a majority of a replica set, but in the memory of a single server, which journals every 100 ms",
		Repeated:     "kept once",
		Filed:        true,
		Listed:       "the newest entries of the index of timestamps, and the records of their traces",
	}
}

func (d *store) Ping(ctx context.Context) error {
	return d.limit.Do(ctx, func(ctx context.Context) error { return explain(d.client.Ping(ctx, nil)) })
}

func (d *store) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), d.limit.Time)
	defer cancel()
	if err := d.client.Disconnect(ctx); err != nil {
		return fmt.Errorf("disconnect: %w", err)
	}
	return nil
}
