package oteltrace

import (
	"log/slog"
	"math"
	"strings"

	"go.opentelemetry.io/otel/attribute"

	"github.com/sonde-go/sonde/internal/sqltext"
	"github.com/sonde-go/sonde/layer"
)

// The attributes that hold the text of a query, in the current and the former
// semantic conventions of OpenTelemetry.
const (
	queryText  = attribute.Key("db.query.text")
	formerText = attribute.Key("db.statement")
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

// statement is the text of a query. Its literals are removed, since the
// instrumentation may have left them in.
func statement(attributes []attribute.KeyValue) (string, bool) {
	for _, a := range attributes {
		if isStatement(a) {
			return sqltext.WithoutLiterals(a.Value.AsString(), dialect(attributes)), true
		}
	}
	return "", false
}

func dialect(attributes []attribute.KeyValue) sqltext.Dialect {
	switch text(attributes, "db.system.name", "db.system") {
	case "mysql", "mariadb":
		return sqltext.MySQL
	}
	return sqltext.Standard
}

func isStatement(a attribute.KeyValue) bool {
	return (a.Key == queryText || a.Key == formerText) && a.Value.Type() == attribute.STRING
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
		if !isStatement(a) {
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
	return slog.Any(key, plain(v.AsInterface()))
}

// plain is the value of an attribute as encoding/json takes it. Bytes, lists of any
// values and maps exist only in newer releases of OpenTelemetry than the oldest
// one that this module builds with.
func plain(v any) any {
	switch v := v.(type) {
	case float64:
		switch {
		case math.IsNaN(v):
			return "NaN"
		case math.IsInf(v, 1):
			return "Infinity"
		case math.IsInf(v, -1):
			return "-Infinity"
		}
	case []float64:
		list := make([]any, len(v))
		for i, f := range v {
			list[i] = plain(f)
		}
		return list
	case []attribute.Value:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = plain(item.AsInterface())
		}
		return list
	case []attribute.KeyValue:
		object := make(map[string]any, len(v))
		for _, a := range v {
			object[string(a.Key)] = plain(a.Value.AsInterface())
		}
		return object
	}
	return v
}
