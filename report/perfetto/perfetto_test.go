package perfetto_test

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/outputtest"
	"github.com/sonde-go/sonde/report/perfetto"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOutput(t *testing.T) { outputtest.Run(t, perfetto.Output, "testdata") }

// slice is what a viewer draws of a BEGIN and an END.
type slice struct {
	name       string
	track      uint64
	from, to   uint64
	depth      int
	flows, end []uint64
	notes      map[string]string
}

// load reads a trace as Perfetto's trace processor does: by the schema, without a field
// that it has not, and then the events of each track by their time, those of one time
// in the order of the file.
func load(t *testing.T, trace []byte) (drawn []*slice, tracks map[uint64]string) {
	t.Helper()
	data := newMessage(t, "Trace")
	if err := proto.Unmarshal(trace, data.Interface()); err != nil {
		t.Fatal(err)
	}
	strict(t, data)
	type event struct {
		at uint64
		m  protoreflect.Message
	}
	events := map[uint64][]event{}
	tracks = map[uint64]string{}
	of := map[uint64]uint64{} // sequences of tracks
	for packet := range each(data, "packet") {
		if track := packet.Get(field(packet, "track_descriptor")).Message(); track.IsValid() {
			id := track.Get(field(track, "uuid")).Uint()
			if _, twice := tracks[id]; twice || id == 0 {
				t.Fatalf("there are two tracks %d", id)
			}
			name := track.Get(field(track, "process")).Message()
			if name.IsValid() {
				tracks[id] = name.Get(field(name, "process_name")).String()
				continue
			}
			name = track.Get(field(track, "thread")).Message()
			tracks[id] = fmt.Sprint(tracks[track.Get(field(track, "parent_uuid")).Uint()], "/", name.Get(field(name, "thread_name")))
			continue
		}
		e := packet.Get(field(packet, "track_event")).Message()
		id, sequence := e.Get(field(e, "track_uuid")).Uint(), packet.Get(field(packet, "trusted_packet_sequence_id")).Uint()
		if tracks[id] == "" || sequence == 0 || of[id] != 0 && of[id] != sequence {
			t.Fatalf("an event on the track %d %q in the sequence %d", id, tracks[id], sequence)
		}
		of[id] = sequence
		events[id] = append(events[id], event{packet.Get(field(packet, "timestamp")).Uint(), e})
	}
	for id, list := range events {
		if !slices.IsSortedFunc(list, func(a, b event) int { return cmp.Compare(a.at, b.at) }) {
			t.Errorf("time goes back on track %d", id)
		}
		var open []*slice
		for _, e := range list {
			switch kind := e.m.Get(field(e.m, "type")).Enum(); kind {
			case 1:
				s := &slice{name: e.m.Get(field(e.m, "name")).String(), track: id, from: e.at, depth: len(open), notes: map[string]string{}}
				for n := range numbers(e.m, "flow_ids") {
					s.flows = append(s.flows, n)
				}
				for n := range numbers(e.m, "terminating_flow_ids") {
					s.end = append(s.end, n)
				}
				for a := range each(e.m, "debug_annotations") {
					a.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
						if f.Name() != "name" {
							s.notes[a.Get(field(a, "name")).String()] = v.String()
						}
						return true
					})
				}
				open = append(open, s)
				drawn = append(drawn, s)
			case 2:
				if len(open) == 0 {
					t.Fatalf("an END without a BEGIN on track %d", id)
				}
				open[len(open)-1].to = e.at
				open = open[:len(open)-1]
			default:
				t.Fatalf("an event of type %d", kind)
			}
		}
		if len(open) > 0 {
			t.Fatalf("%d slices of track %d do not end", len(open), id)
		}
	}
	return drawn, tracks
}

func write(t *testing.T, r *report.Report) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := perfetto.Write(&out, r, report.Options{}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestSchema: each point is a slice with its own length.
func TestSchema(t *testing.T) {
	for _, trace := range outputtest.Traces(t) {
		r := trace.Report(t)
		list, _ := load(t, write(t, r))
		left := map[string]int{}
		for i := range r.Len() {
			left[r.At(i).ID()]++
		}
		for _, s := range list {
			left[s.notes["id"]]--
			if s.name == "" || strings.ContainsAny(s.name, "\x1b\n") {
				t.Errorf("%s: a slice %q", trace.Name, s.name)
			}
		}
		for id, n := range left {
			if n != 0 && trace.Name != "hostile" { // whose ids are no UTF-8
				t.Errorf("%s: %d slices too few of %q", trace.Name, n, id)
			}
		}
		if len(list) != r.Len() {
			t.Errorf("%s: %d slices of %d points", trace.Name, len(list), r.Len())
		}
	}
}

// TestOverlap: siblings that run at once, and one that outlasts the point above, keep
// their lengths, and arrows lead to them.
func TestOverlap(t *testing.T) {
	var text strings.Builder
	for id, times := range map[string][2]int{"1 0": {0, 100}, "2 1": {10, 50}, "3 1": {20, 60}, "4 1": {60, 90}, "5 1": {80, 200}, "6 5": {90, 90}} {
		var point, parent string
		fmt.Sscan(id, &point, &parent)
		for k, half := range []string{"start", "stop"} {
			fmt.Fprintf(&text, `{"name":"n%[1]s-%[2]s","base_id":"0","trace_id":%[1]q,"parent_id":%[3]q,"timestamp":"2026-01-02T03:04:05.%06[4]d","service":"s","info":{"host":"h","n":NaN}}`+"\n", point, half, parent, times[k])
		}
	}
	r, err := report.Read([]byte(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	list, tracks := load(t, write(t, r))
	slices.SortFunc(list, func(a, b *slice) int { return cmp.Compare(a.name, b.name) })
	var got []string
	for _, s := range list {
		got = append(got, fmt.Sprint(s.name, " ", tracks[s.track], " ", s.from, "-", s.to, " ", s.depth, len(s.flows), len(s.end)))
		if s.notes["start"] != `{"host":"h","n":"NaN"}` {
			t.Errorf("%q", s.notes)
		}
	}
	want := []string{
		"n1 s on h/lane 1 0-100000 0 2 0", "n2 s on h/lane 1 10000-50000 1 0 0", "n3 s on h/lane 2 20000-60000 0 0 1",
		"n4 s on h/lane 1 60000-90000 1 0 0", "n5 s on h/lane 2 80000-200000 0 0 1", "n6 s on h/lane 2 90000-90000 1 0 0",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if !slices.Contains(list[0].flows, list[2].end[0]) || !slices.Contains(list[0].flows, list[4].end[0]) {
		t.Errorf("flows %d to %d and %d", list[0].flows, list[2].end, list[4].end)
	}
}

func ExampleWrite() {
	r, err := report.Read([]byte(`
{"name":"job-start","base_id":"t","trace_id":"1","parent_id":"t","timestamp":"2026-11-21T12:00:00.000000","service":"shop","info":{}}
{"name":"job-stop","base_id":"t","trace_id":"1","parent_id":"t","timestamp":"2026-11-21T12:00:00.120000","service":"shop","info":{}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	var trace bytes.Buffer // or a file, for ui.perfetto.dev
	if err := perfetto.Write(&trace, r, report.Options{}); err != nil {
		fmt.Println(err)
	}
	fmt.Println(trace.Len(), "bytes")
	// Output: 136 bytes
}
