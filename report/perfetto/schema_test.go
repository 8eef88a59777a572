package perfetto_test

import (
	"iter"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// schema is what protos/perfetto/trace of https://github.com/google/perfetto (its commit
// 0260395 of trace_packet.proto) says of the fields that a trace of ours may have: type,
// name and number; a star for a repeated field. The enum TrackEvent.Type is an int32 on
// the wire.
const schema = `
Trace: *TracePacket packet 1
TracePacket: uint64 timestamp 8, uint32 trusted_packet_sequence_id 10, TrackEvent track_event 11, TrackDescriptor track_descriptor 60
TrackDescriptor: uint64 uuid 1, string name 2, ProcessDescriptor process 3, ThreadDescriptor thread 4, uint64 parent_uuid 5
ProcessDescriptor: int32 pid 1, string process_name 6
ThreadDescriptor: int32 pid 1, int32 tid 2, string thread_name 5
TrackEvent: *DebugAnnotation debug_annotations 4, TrackEventType type 9, uint64 track_uuid 11, *string categories 22, string name 23, *fixed64 flow_ids 47, *fixed64 terminating_flow_ids 48
DebugAnnotation: bool bool_value 2, uint64 uint_value 3, int64 int_value 4, double double_value 5, string string_value 6, string legacy_json_value 9, string name 10
`

var types = map[string]descriptorpb.FieldDescriptorProto_Type{
	"uint64": descriptorpb.FieldDescriptorProto_TYPE_UINT64, "uint32": descriptorpb.FieldDescriptorProto_TYPE_UINT32,
	"int64": descriptorpb.FieldDescriptorProto_TYPE_INT64, "int32": descriptorpb.FieldDescriptorProto_TYPE_INT32,
	"fixed64": descriptorpb.FieldDescriptorProto_TYPE_FIXED64, "bool": descriptorpb.FieldDescriptorProto_TYPE_BOOL,
	"double": descriptorpb.FieldDescriptorProto_TYPE_DOUBLE, "string": descriptorpb.FieldDescriptorProto_TYPE_STRING,
	"TrackEventType": descriptorpb.FieldDescriptorProto_TYPE_ENUM,
}

// newMessage is an empty message of the schema.
func newMessage(t *testing.T, name string) protoreflect.Message {
	t.Helper()
	file := &descriptorpb.FileDescriptorProto{
		Name: proto.String("trace.proto"), Package: proto.String("perfetto.protos"), Syntax: proto.String("proto2"),
		EnumType: []*descriptorpb.EnumDescriptorProto{{Name: proto.String("TrackEventType")}},
	}
	for i, value := range []string{"UNSPECIFIED", "SLICE_BEGIN", "SLICE_END", "INSTANT", "COUNTER"} {
		file.EnumType[0].Value = append(file.EnumType[0].Value, &descriptorpb.EnumValueDescriptorProto{Name: proto.String("TYPE_" + value), Number: proto.Int32(int32(i))})
	}
	for line := range strings.Lines(strings.TrimSpace(schema)) {
		message, fields, _ := strings.Cut(strings.TrimSpace(line), ": ")
		m := &descriptorpb.DescriptorProto{Name: &message}
		for _, text := range strings.Split(fields, ", ") {
			words := strings.Fields(text)
			number, err := strconv.Atoi(words[2])
			if err != nil {
				t.Fatal(err)
			}
			f := &descriptorpb.FieldDescriptorProto{Name: &words[1], Number: proto.Int32(int32(number)), Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum()}
			kind, repeated := strings.CutPrefix(words[0], "*")
			if repeated {
				f.Label = descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum()
			}
			simple, ok := types[kind]
			if !ok {
				simple = descriptorpb.FieldDescriptorProto_TYPE_MESSAGE
			}
			if f.Type = &simple; !ok || kind == "TrackEventType" {
				f.TypeName = proto.String(".perfetto.protos." + kind)
			}
			m.Field = append(m.Field, f)
		}
		file.MessageType = append(file.MessageType, m)
	}
	made, err := protodesc.NewFile(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	return dynamicpb.NewMessage(made.Messages().ByName(protoreflect.Name(name)))
}

// strict finds fields that the schema has not.
func strict(t *testing.T, m protoreflect.Message) {
	t.Helper()
	if unknown := m.GetUnknown(); len(unknown) > 0 {
		t.Fatalf("%s: unknown fields %x", m.Descriptor().Name(), unknown)
	}
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.Message() == nil:
		case f.IsList():
			for i := range v.List().Len() {
				strict(t, v.List().Get(i).Message())
			}
		default:
			strict(t, v.Message())
		}
		return true
	})
}

func field(m protoreflect.Message, name string) protoreflect.FieldDescriptor {
	return m.Descriptor().Fields().ByName(protoreflect.Name(name))
}

// each yields the messages of a repeated field.
func each(m protoreflect.Message, name string) iter.Seq[protoreflect.Message] {
	return func(yield func(protoreflect.Message) bool) {
		list := m.Get(field(m, name)).List()
		for i := range list.Len() {
			if !yield(list.Get(i).Message()) {
				return
			}
		}
	}
}

// numbers yields those of a repeated field.
func numbers(m protoreflect.Message, name string) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		list := m.Get(field(m, name)).List()
		for i := range list.Len() {
			if !yield(list.Get(i).Uint()) {
				return
			}
		}
	}
}
