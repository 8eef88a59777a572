package mongodb

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/record"
	"go.mongodb.org/mongo-driver/v2/bson"
)

func encode(t testing.TB, object string, plain bool) bson.Raw {
	t.Helper()
	c := encoder{plain: plain}
	c.document(nil, []byte(object))
	if err := bson.Raw(c.buf).Validate(); err != nil {
		t.Fatalf("encoding %q: %v", object, err)
	}
	return c.buf
}

func decode(t testing.TB, doc bson.Raw) string {
	t.Helper()
	b, err := appendJSON(nil, doc)
	if err != nil {
		t.Fatalf("decoding %v: %v", doc, err)
	}
	return string(b)
}

func TestEncode(t *testing.T) {
	for _, tc := range []struct{ name, in, want, plain string }{
		{name: "order", in: `{"z":1,"a":2,"m":{"y":1,"b":2}}`, want: `{"z":1,"a":2,"m":{"y":1,"b":2}}`},
		{name: "repeated key", in: `{"a":1,"b":2,"a":3}`, want: `{"a":3,"b":2}`},
		{name: "repeated key, escaped", in: `{"a":1,"\u0061":3}`, want: `{"a":3}`},
		{name: "words", in: `{"a":[true,false,null,{},[]]}`, want: `{"a":[true,false,null,{},[]]}`, plain: `{"a":[true,false,null,{},"[]"]}`},
		{name: "text", in: `{"a":"caf\u00e9 \ud83c\udf89\n\"\\\/"}`, want: `{"a":"caf\u00e9 \ud83c\udf89\n\"\\/"}`},
		{name: "half a pair", in: `{"a":"\ud800"}`, want: `{"a":"\ufffd"}`},
		{name: "NUL", in: `{"a\u0000b":"c\u0000\u0000d"}`, want: `{"a\ufffdb":"c\ufffd\ufffdd"}`},
		{name: "integers", in: `{"a":[0,-0,-1,2147483647,2147483648,-9223372036854775808]}`, want: `{"a":[0,0,-1,2147483647,2147483648,-9223372036854775808]}`},
		{name: "more than 64 bits", in: `{"a":9223372036854775808,"b":-123456789012345678901234567890}`, want: `{"a":"9223372036854775808","b":"-123456789012345678901234567890"}`},
		{name: "fractions", in: `{"a":[1.0,2.5,1e16,1E-7,-0.0,0.1]}`, want: `{"a":[1.0,2.5,1e+16,1e-07,-0.0,0.1]}`},
		{name: "not finite", in: `{"a":[NaN,Infinity,-Infinity,1e999]}`, want: `{"a":["NaN","Infinity","-Infinity","1e999"]}`},
		{name: "dots", in: `{"http.method":1,"a":{".":2}}`, want: `{"http.method":1,"a":{".":2}}`, plain: `{"http\uff0emethod":1,"a":{"\uff0e":2}}`},
		{name: "dollars", in: `{"$set":{"a$b":1,"$":2}}`, want: `{"$set":{"a$b":1,"$":2}}`, plain: `{"\uff04set":{"a$b":1,"\uff04":2}}`},
		{name: "arrays in arrays", in: `{"a":[["b", "1"],["c",null]]}`, want: `{"a":[["b","1"],["c",null]]}`, plain: `{"a":["[\"b\", \"1\"]","[\"c\",null]"]}`},
		{name: "empty", in: `{"":{"":""}}`, want: `{"":{"":""}}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := decode(t, encode(t, tc.in, false)); got != tc.want {
				t.Errorf("%s\ngot  %s\nwant %s", tc.in, got, tc.want)
			}
			if tc.plain == "" {
				tc.plain = tc.want
			}
			if got := decode(t, encode(t, tc.in, true)); got != tc.plain {
				t.Errorf("%s in plain form\ngot  %s\nwant %s", tc.in, got, tc.plain)
			}
			special := encoder{}
			special.document(nil, []byte(tc.in))
			if want := tc.plain != tc.want; special.special != want && tc.name != "NUL" {
				t.Errorf("special = %t, want %t", special.special, want)
			}
		})
	}
}

func TestTypes(t *testing.T) {
	doc := encode(t, `{"a":7,"b":2147483648,"c":1.5,"d":"x","e":true,"f":null,"g":[],"h":{}}`, false)
	want := bson.D{{Key: "a", Value: int32(7)}, {Key: "b", Value: int64(2147483648)}, {Key: "c", Value: 1.5}, {Key: "d", Value: "x"},
		{Key: "e", Value: true}, {Key: "f", Value: nil}, {Key: "g", Value: bson.A{}}, {Key: "h", Value: bson.D{}}}
	b, err := bson.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(doc, b) {
		t.Errorf("got  %v\nwant %v", doc, bson.Raw(b))
	}
}

// TestForeign reads what only other programs write.
func TestForeign(t *testing.T) {
	id := bson.ObjectID{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
	decimal, err := bson.ParseDecimal128("1.50")
	if err != nil {
		t.Fatal(err)
	}
	uuid := []byte("0123456789abcdef")
	for want, value := range map[string]any{
		`"2024-01-01T00:00:00"`:                  bson.NewDateTimeFromTime(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)),
		`"2024-01-01T00:00:00.007000"`:           bson.NewDateTimeFromTime(time.Date(2024, 1, 1, 0, 0, 0, 7e6, time.UTC)),
		`"0102030405060708090a0b0c"`:             id,
		`"1.50"`:                                 decimal,
		`"30313233-3435-3637-3839-616263646566"`: bson.Binary{Subtype: bson.TypeBinaryUUIDOld, Data: uuid},
		`"AAH/"`:                                 bson.Binary{Data: []byte{0, 1, 255}},
		`NaN`:                                    math.NaN(),
		`-Infinity`:                              math.Inf(-1),
	} {
		doc, err := bson.Marshal(bson.D{{Key: "v", Value: value}})
		if err != nil {
			t.Fatal(err)
		}
		if got := decode(t, doc); got != `{"v":`+want+`}` {
			t.Errorf("%v: %s, want %s", value, got, want)
		}
	}
	doc, err := bson.Marshal(bson.D{{Key: "v", Value: bson.Regex{Pattern: `a"b`}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := decode(t, doc); !json.Valid([]byte(got)) {
		t.Errorf("a regular expression is shown as %s", got)
	}
}

func TestBadDocument(t *testing.T) {
	doc := encode(t, `{"name":"db-start","trace_id":"x"}`, false)
	if _, err := fromBSON(new(record.Parser), doc[:len(doc)-3]); err == nil {
		t.Error("a document that is cut short is read")
	}
}

type golden struct {
	Notify []struct{ Documents []json.RawMessage } `json:"notify_commands"`
	Input  []struct {
		Payload json.RawMessage
	}
	Reports map[string]struct{ Result json.RawMessage }
}

// TestGolden holds the documents against those that pymongo sent for
// OSProfiler.
func TestGolden(t *testing.T) {
	g := loadGolden(t)
	if len(g.Notify) != len(g.Input) || len(g.Input) == 0 {
		t.Fatalf("%d inputs, %d commands", len(g.Input), len(g.Notify))
	}
	for i, command := range g.Notify {
		payload := bytes.TrimSuffix(bytes.TrimSpace(g.Input[i].Payload), []byte("}"))
		var text bytes.Buffer
		if err := json.Compact(&text, append(payload, `,"project":"nova","service":"osapi_compute"}`...)); err != nil {
			t.Fatal(err)
		}
		id := make([]byte, 12)
		c := encoder{}
		c.document(id, text.Bytes())
		got := jsontext.AppendIndent(nil, []byte(decode(t, c.buf)), 0)
		want := bytes.Replace(command.Documents[0], []byte(`"$oid"`), []byte(`"oid"`), 1)
		want = jsontext.AppendIndent(nil, want, 0)
		want = bytes.Replace(want, []byte("{\n    \"oid\": \"000000000000000000000000\"\n  }"), []byte(`"000000000000000000000000"`), 1)
		if !bytes.Equal(got, want) {
			t.Errorf("document %d:\n%s\nwant\n%s", i, got, want)
		}
	}
}

func FuzzCodec(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5,null,true,"x",{"b":[[]]}],"$a.b":{}}`, `{"":1e400,"a":-0,"a":18446744073709551616}`, `{"a\u0000":"\ud800\u0000"}`} {
		f.Add(s, false)
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, text string, plain bool) {
		if !jsontext.Members([]byte(text), func(_, _ []byte) bool { return true }) {
			return
		}
		once := decode(t, encode(t, text, plain))
		if jsontext.AppendIndent(nil, []byte(once), 0) == nil {
			t.Fatalf("%q is read as %s, which is not JSON", text, once)
		}
		// Two keys may have become one, no more than once.
		twice := decode(t, encode(t, once, plain))
		if thrice := decode(t, encode(t, twice, plain)); thrice != twice {
			t.Errorf("%q: %s, then %s", text, twice, thrice)
		}
	})
}
