// Package otelattr says what the attributes of OpenTelemetry's spans are as stored.
package otelattr

import (
	"math"
	"strings"
	"unicode"

	"github.com/sonde-go/sonde/internal/sqltext"
	"github.com/sonde-go/sonde/layer"
	"go.opentelemetry.io/otel/attribute"
)

// The attributes that hold the text of a query, in the current and the former
// semantic conventions of OpenTelemetry.
const (
	queryText  = attribute.Key("db.query.text")
	formerText = attribute.Key("db.statement")
)

// Statement is the text of a query. Its literals are removed, since the
// instrumentation may have left them in. Of what is no SQL, such as a command of Redis
// or MongoDB with its values, it is the operation.
func Statement(attributes []attribute.KeyValue) (string, bool) {
	for _, a := range attributes {
		if IsStatement(a) {
			if noSQL[Text(attributes, "db.system.name", "db.system")] {
				return operation(attributes, a.Value.AsString()), true
			}
			return sqltext.WithoutLiterals(a.Value.AsString(), dialectOf(attributes)), true
		}
	}
	return "", false
}

// QueryName is the name of the point of a query: that of our own layer for its system,
// "db" if there is none, or if the attributes do not say what system it is.
func QueryName(attributes []attribute.KeyValue) string {
	switch system := Text(attributes, "db.system.name", "db.system"); system {
	case "redis", "mongodb":
		return system
	}
	return "db"
}

// noSQL are the systems of the conventions whose queries are commands or documents,
// in which no literals can be told from names.
var noSQL = map[string]bool{
	"aws.dynamodb": true, "azure.cosmosdb": true, "cosmosdb": true, "couchbase": true, "couchdb": true, "dynamodb": true,
	"elasticsearch": true, "hbase": true, "memcached": true, "mongodb": true, "opensearch": true, "redis": true,
}

// operation is what the attributes call the operation of a query, or else the first
// word of its text, if that is a name.
func operation(attributes []attribute.KeyValue, text string) string {
	if name := Text(attributes, "db.operation.name", "db.operation"); name != "" {
		return name
	}
	word, _, _ := strings.Cut(text, " ")
	if strings.ContainsFunc(word, func(r rune) bool { return r != '_' && r != '.' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		return "?"
	}
	return word
}

func dialectOf(attributes []attribute.KeyValue) sqltext.Dialect {
	switch Text(attributes, "db.system.name", "db.system") {
	case "mysql", "mariadb":
		return sqltext.MySQL
	}
	return sqltext.Standard
}

// IsStatement reports whether a holds the text of a query.
func IsStatement(a attribute.KeyValue) bool {
	return (a.Key == queryText || a.Key == formerText) && a.Value.Type() == attribute.STRING
}

// Plain is the value of an attribute as encoding/json takes it. Bytes, lists of any
// values and maps exist only in newer releases of OpenTelemetry than the oldest
// one that this module builds with.
func Plain(v any) any {
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
			list[i] = Plain(f)
		}
		return list
	case []attribute.Value:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = Plain(item.AsInterface())
		}
		return list
	case []attribute.KeyValue:
		object := make(map[string]any, len(v))
		for _, a := range v {
			object[string(a.Key)] = Plain(a.Value.AsInterface())
		}
		return object
	}
	return v
}

// Masked is the value of an attribute as encoding/json takes it, and as mask leaves it.
func Masked(mask *layer.Mask, a attribute.KeyValue) any {
	return masked(mask, string(a.Key), Plain(a.Value.AsInterface()))
}

func masked(mask *layer.Mask, key string, value any) any {
	if mask.Hides(key) {
		return layer.Masked
	}
	switch v := value.(type) {
	case string:
		return mask.URLs(v)
	case []string:
		list := make([]string, len(v))
		for i, s := range v {
			list[i] = mask.URLs(s)
		}
		return list
	case []any:
		for i := range v {
			v[i] = masked(mask, "", v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = masked(mask, k, v[k])
		}
	}
	return value
}

// Text is the first of the named attributes that is a string.
func Text(attributes []attribute.KeyValue, names ...attribute.Key) string {
	for _, name := range names {
		for _, a := range attributes {
			if a.Key == name && a.Value.Type() == attribute.STRING {
				return a.Value.AsString()
			}
		}
	}
	return ""
}
