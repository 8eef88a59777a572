package oteltrace

import (
	"encoding/json"
	"log/slog"
	"math"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
)

// The attributes that hold the text of a query, by the present and by the
// former conventions of OpenTelemetry.
const (
	queryText  = attribute.Key("db.query.text")
	formerText = attribute.Key("db.statement")
)

// What XSAM/otelsql calls its tracer, and the span of reading rows.
const (
	otelsqlScope = "github.com/XSAM/otelsql"
	otelsqlRows  = "sql.rows"
)

// otelsqlPoints are the points of otelsql's spans, by the names that sqltrace
// uses too.
var otelsqlPoints = map[string]struct{ name, statement string }{
	"sql.connector.connect": {"db_connect", ""},
	"sql.conn.prepare":      {"db_prepare", ""},
	"sql.conn.begin_tx":     {"db", "BEGIN"},
	"sql.tx.commit":         {"db", "COMMIT"},
	"sql.tx.rollback":       {"db", "ROLLBACK"},
	"sql.rows":              {"db_rows", ""},
}

func statement(attributes []attribute.KeyValue) (string, bool) {
	for _, a := range attributes {
		if isStatement(a) {
			return a.Value.AsString(), true
		}
	}
	return "", false
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

// contains says whether a is among attributes, with the same value.
func contains(attributes []attribute.KeyValue, a attribute.KeyValue) bool {
	for _, b := range attributes {
		if a.Key == b.Key && a.Value.Type() == b.Value.Type() && a.Value.String() == b.Value.String() {
			return true
		}
	}
	return false
}

// otelGroup is what stands under "otel": about and the attributes, without the
// statement, which stands elsewhere. It is empty if there is nothing to tell.
func otelGroup(about []slog.Attr, attributes []attribute.KeyValue) []slog.Attr {
	var told []slog.Attr
	for _, a := range attributes {
		if !isStatement(a) {
			told = append(told, slogAttr(a))
		}
	}
	if len(told) > 0 {
		about = append(about, slog.GroupAttrs("attributes", told...))
	}
	if len(about) == 0 {
		return nil
	}
	return []slog.Attr{slog.GroupAttrs("otel", about...)}
}

func slogAttr(a attribute.KeyValue) slog.Attr {
	key, v := string(a.Key), a.Value
	switch v.Type() {
	case attribute.STRING:
		return slog.String(key, v.AsString())
	case attribute.INT64:
		return slog.Int64(key, v.AsInt64())
	case attribute.BOOL:
		return slog.Bool(key, v.AsBool())
	case attribute.FLOAT64:
		return slog.Float64(key, v.AsFloat64())
	}
	return slog.Any(key, plain(v))
}

// plain is v as encoding/json takes it.
func plain(v attribute.Value) any {
	switch v.Type() {
	case attribute.STRING, attribute.BYTESLICE:
		return v.String()
	case attribute.INT64:
		return v.AsInt64()
	case attribute.BOOL:
		return v.AsBool()
	case attribute.FLOAT64:
		if f := v.AsFloat64(); !math.IsNaN(f) && !math.IsInf(f, 0) {
			return f
		}
		return strconv.FormatFloat(v.AsFloat64(), 'g', -1, 64)
	case attribute.EMPTY:
		return nil
	}
	return json.RawMessage(v.String()) // lists and maps
}
