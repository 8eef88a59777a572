package oteltrace

import (
	"log/slog"
	"strings"

	"go.opentelemetry.io/otel/attribute"

	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/oteltrace/internal/otelattr"
)

// XSAM/otelsql's names for its tracer and for the span of reading rows.
const (
	otelsqlScope = "github.com/XSAM/otelsql"
	otelsqlRows  = "sql.rows"
)

// otelsqlPoints maps otelsql's spans to points with the names that sqltrace uses.
var otelsqlPoints = map[string]struct{ name, statement string }{
	"sql.connector.connect": {"db_connect", ""},
	"sql.conn.prepare":      {"db_prepare", ""},
	"sql.conn.begin_tx":     {"db", "BEGIN"},
	"sql.tx.commit":         {"db", "COMMIT"},
	"sql.tx.rollback":       {"db", "ROLLBACK"},
	"sql.rows":              {"db_rows", ""},
}

func isDatabase(attributes []attribute.KeyValue) bool {
	for _, a := range attributes {
		if strings.HasPrefix(string(a.Key), "db.") {
			return true
		}
	}
	return false
}

// otelGroup is the group "otel": about and the attributes, except the statement,
// which is stored elsewhere. It is empty if there is nothing to store. The mask
// applies to the attributes, since they are the program's.
func otelGroup(about []slog.Attr, attributes []attribute.KeyValue, mask *layer.Mask) []slog.Attr {
	var told []slog.Attr
	for _, a := range attributes {
		if !otelattr.IsStatement(a) {
			told = append(told, slogAttr(a, mask))
		}
	}
	if len(told) > 0 {
		about = append(about, slog.Attr{Key: "attributes", Value: slog.GroupValue(told...)})
	}
	if len(about) == 0 {
		return nil
	}
	return []slog.Attr{{Key: "otel", Value: slog.GroupValue(about...)}}
}

func slogAttr(a attribute.KeyValue, mask *layer.Mask) slog.Attr {
	key, v := string(a.Key), a.Value
	if mask.Hides(key) {
		return slog.String(key, layer.Masked)
	}
	switch v.Type() {
	case attribute.STRING:
		return slog.String(key, mask.URLs(v.AsString()))
	case attribute.INT64:
		return slog.Int64(key, v.AsInt64())
	case attribute.BOOL:
		return slog.Bool(key, v.AsBool())
	case attribute.FLOAT64:
		return slog.Float64(key, v.AsFloat64())
	}
	return slog.Any(key, otelattr.Masked(mask, a))
}
