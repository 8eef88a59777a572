package otlpspan

import (
	"strconv"
	"strings"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/layer"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
)

// MaxAttributes is how many members of info become attributes, as many as
// OpenTelemetry's SDKs allow.
const MaxAttributes = 128

// describe makes the attributes of a point: the members of its info, under the
// names that its layers give them or else under their own.
func (i *pointInfo) describe(a *attributes) {
	names := map[string][]*layer.Attribute{}
	for _, l := range i.layers {
		for k := range l.Attributes {
			if path, ok := l.Attributes[k].Member(); ok {
				names[path] = append(names[path], &l.Attributes[k])
			}
		}
	}
	for _, m := range i.members {
		if m.name == "sonde.kind" || strings.HasPrefix(m.name, "sonde.layer.") {
			continue // the span's kind, and what this is made of
		}
		if m.name == traceParentMember || m.name == linksMember && m.value[0] == '[' {
			continue // the span's links
		}
		a.member(m.name, m.value, names[m.name])
	}
	for _, l := range i.layers {
		for k := range l.Attributes {
			if path, ok := l.Attributes[k].Member(); !ok {
				a.text(l.Attributes[k].Name, l.Attributes[k].Value)
			} else if path == "operation" {
				if text := i.operation(l); text != "" {
					a.text(l.Attributes[k].Name, text)
				}
			}
		}
	}
}

// attributes is a list in which each key occurs once; the last value counts.
type attributes struct {
	list    []*commonpb.KeyValue
	dropped uint32
}

func (a *attributes) set(key string, v *commonpb.AnyValue) {
	key = Valid(key)
	for _, kv := range a.list {
		if kv.Key == key {
			kv.Value = v
			return
		}
	}
	a.list = append(a.list, &commonpb.KeyValue{Key: key, Value: v})
}

func (a *attributes) text(key, text string) {
	a.set(key, &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: Valid(text)}})
}

func (a *attributes) flag(key string) {
	a.set(key, &commonpb.AnyValue{Value: &commonpb.AnyValue_BoolValue{BoolValue: true}})
}

// member adds a member of info under the given names, or under its own.
func (a *attributes) member(name string, value []byte, names []*layer.Attribute) {
	v := anyValue(value)
	if v == nil || name == "" {
		return
	}
	if len(a.list) >= MaxAttributes {
		a.dropped++
		return
	}
	if len(names) == 0 {
		a.set(name, v)
	}
	for _, as := range names {
		if text, ok := as.Format(plain(value)); ok {
			a.text(as.Name, text)
		} else {
			a.set(as.Name, v)
		}
	}
}

// anyValue is a JSON value as an attribute value, or nil for null. Arrays become
// JSON text.
func anyValue(value []byte) *commonpb.AnyValue {
	switch value[0] {
	case 'n':
		return nil
	case 't', 'f':
		return &commonpb.AnyValue{Value: &commonpb.AnyValue_BoolValue{BoolValue: value[0] == 't'}}
	}
	text, isText := jsontext.Text(value)
	if !isText {
		text = string(value)
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return &commonpb.AnyValue{Value: &commonpb.AnyValue_IntValue{IntValue: n}}
		}
		if f, err := strconv.ParseFloat(text, 64); err == nil && strings.ContainsAny(text, ".eE") {
			return &commonpb.AnyValue{Value: &commonpb.AnyValue_DoubleValue{DoubleValue: f}}
		}
	}
	return &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: Valid(text)}}
}

// Valid makes text valid UTF-8, which protobuf requires.
func Valid(s string) string { return strings.ToValidUTF8(s, "\ufffd") }
