package mongodb

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"time"

	"github.com/sonde-go/sonde/internal/jsontext"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// appendJSON appends a document as OSProfiler's report shows it: the members in
// their order, numbers in Python's form, times in ISO 8601.
func appendJSON(b []byte, doc bson.Raw) ([]byte, error) {
	elements, err := doc.Elements()
	if err != nil {
		return b, err
	}
	b = append(b, '{')
	for i, e := range elements {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(jsontext.AppendString(b, e.Key()), ':')
		if b, err = appendValue(b, e.Value()); err != nil {
			return b, err
		}
	}
	return append(b, '}'), nil
}

func appendArray(b []byte, array bson.RawArray) ([]byte, error) {
	values, err := array.Values()
	if err != nil {
		return b, err
	}
	b = append(b, '[')
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendValue(b, v); err != nil {
			return b, err
		}
	}
	return append(b, ']'), nil
}

func appendValue(b []byte, v bson.RawValue) ([]byte, error) {
	switch v.Type {
	case bson.TypeString:
		return jsontext.AppendString(b, v.StringValue()), nil
	case bson.TypeEmbeddedDocument:
		return appendJSON(b, v.Document())
	case bson.TypeArray:
		return appendArray(b, v.Array())
	case bson.TypeDouble:
		return jsontext.AppendFloat(b, v.Double()), nil
	case bson.TypeInt32:
		return strconv.AppendInt(b, int64(v.Int32()), 10), nil
	case bson.TypeInt64:
		return strconv.AppendInt(b, v.Int64(), 10), nil
	case bson.TypeBoolean:
		return strconv.AppendBool(b, v.Boolean()), nil
	case bson.TypeNull, bson.TypeUndefined:
		return append(b, "null"...), nil
	}
	return jsontext.AppendString(b, foreign(v)), nil
}

// foreign is the text of a value that JSON has no form for. Programs in Python
// can store such.
func foreign(v bson.RawValue) string {
	switch v.Type {
	case bson.TypeDateTime:
		t := time.UnixMilli(v.DateTime()).UTC()
		if t.Nanosecond() == 0 {
			return t.Format("2006-01-02T15:04:05")
		}
		return t.Format("2006-01-02T15:04:05.000000")
	case bson.TypeObjectID:
		return v.ObjectID().Hex()
	case bson.TypeDecimal128:
		return v.Decimal128().String()
	case bson.TypeBinary:
		subtype, data := v.Binary()
		if len(data) == 16 && (subtype == bson.TypeBinaryUUID || subtype == bson.TypeBinaryUUIDOld) {
			return fmt.Sprintf("%x-%x-%x-%x-%x", data[:4], data[4:6], data[6:8], data[8:10], data[10:])
		}
		return base64.StdEncoding.EncodeToString(data)
	}
	return v.String()
}
