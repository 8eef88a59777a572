// Package mongodb is the driver that keeps traces in MongoDB, as OSProfiler
// does. Import it for its schemes:
//
//	mongodb://user:password@host:27017/?authSource=admin&tls=true
//	mongodb+srv://user:password@name        the hosts are looked up in the DNS by Open
//
// The URL is a MongoDB connection string with all its options. Unless it says
// otherwise, a server has Options.ConnectTimeout to be found, and
// Options.SocketTimeout (timeoutMS) to answer a command.
//
// The database is "osprofiler", whatever the URL's path says (which is the
// database of the user). Its collection "profiler" holds one document for each
// record, with the record's fields and its "info" as a document; with
// Options.FilterErrorTrace "profiler_error" holds {base_id, timestamp} of the
// traces with an error. The _id of a record is made from its trace id and name,
// so that a record that is sent twice is stored once. The first Notify makes an
// index on base_id, which OSProfiler lacks; if the user may not do that, a
// warning is logged.
//
// Integers of more than 64 bits, NaN and the infinities are written as text, and
// a NUL as U+FFFD, since BSON or a server cannot hold them. A server may refuse
// a document that another takes (FerretDB, and MongoDB before 5.0): it is then
// sent again with U+FF0E for "." and U+FF04 for a leading "$" in keys, and with
// arrays in arrays as JSON text.
//
// A list reads five fields of every record, since a trace may begin with any of
// them; its memory grows with the number of traces.
package mongodb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/drivers/internal/answer"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

func init() {
	drivers.Register("mongodb", open)
	drivers.Register("mongodb+srv", open)
}

type store struct {
	client   *mongo.Client
	records  *mongo.Collection
	failures *mongo.Collection // {base_id, timestamp} of traces with an error
	fileErrs bool
	limit    answer.Limit // of one command
	logger   *slog.Logger
	indexed  atomic.Bool // the index was made, or cannot be
}

func open(_ context.Context, url string, o drivers.Options) (driver.Driver, error) {
	return openWith(url, o, nil)
}

// openWith lets a test watch the client.
func openWith(url string, o drivers.Options, watch func(*options.ClientOptions)) (driver.Driver, error) {
	co := options.Client().SetConnectTimeout(o.ConnectTimeout).SetServerSelectionTimeout(o.ConnectTimeout).ApplyURI(url)
	if watch != nil {
		watch(co)
	}
	client, err := mongo.Connect(co)
	if err != nil {
		return nil, hideSecrets(err, url)
	}
	limit := answer.Limit{Store: "MongoDB at " + strings.Join(co.Hosts, ","), Time: o.SocketTimeout}
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
