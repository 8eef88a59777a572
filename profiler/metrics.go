package profiler

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/sonde-go/sonde/header"
)

// MarshalJSON makes Stats fit for expvar, with the names of reasons in Refused:
//
//	expvar.Publish("sonde", expvar.Func(func() any { return svc.Stats() }))
func (st Stats) MarshalJSON() ([]byte, error) {
	type figures Stats // without methods
	refused := make(map[string]uint64, len(st.Refused))
	for reason, n := range st.Refused {
		refused[reason.Name()] = n
	}
	return json.Marshal(struct {
		figures
		Refused map[string]uint64
	}{figures(st), refused})
}

// MetricsType is the Content-Type of what [Service.WriteMetrics] writes.
const MetricsType = "text/plain; version=0.0.4; charset=utf-8"

// WriteMetrics writes what [Service.Stats] says in Prometheus' text format, with
// names that begin with "sonde_". What is of one sink has its name as a label, what
// has reasons has them as one. A page can have the metrics of one Service only. Its
// error is that of w.
//
// The format: https://prometheus.io/docs/instrumenting/exposition_formats/
func (s *Service) WriteMetrics(w io.Writer) error {
	st := s.Stats()
	var m metrics
	m.family("sonde_traces_total", "counter", "Traces that the service has joined or begun.")
	m.sample(st.Traces)
	m.family("sonde_requests_accepted_total", "counter", "Requests whose headers were verified and within the limits.")
	m.sample(st.Accepted)
	m.family("sonde_requests_refused_total", "counter", "Requests whose headers were refused, by reason.")
	for r := range header.Refusal(header.Refusals) {
		m.sample(st.Refused[r], "reason", r.Name())
	}
	m.family("sonde_requests_thinned_total", "counter", "Requests of traces drawn by sampling that are not recorded here.")
	m.sample(st.Thinned)
	m.family("sonde_requests_admitted_total", "counter", "Requests without headers that the admission hook let in.")
	m.sample(st.Admitted)

	m.family("sonde_recorded_total", "counter", "Records that were made for a sink; a point is two.")
	m.perSink(st.Sinks, func(d *Delivery, sink string) { m.sample(d.Recorded, "sink", sink) })
	m.family("sonde_records_total", "counter", "Records by what became of them.")
	m.perSink(st.Sinks, func(d *Delivery, sink string) {
		m.sample(d.Acknowledged, "sink", sink, "outcome", "acknowledged")
		m.sample(d.Unconfirmed, "sink", sink, "outcome", "unconfirmed")
		m.sample(d.Dropped.QueueFull, "sink", sink, "outcome", "dropped", "reason", "queue_full")
		m.sample(d.Dropped.Rejected, "sink", sink, "outcome", "dropped", "reason", "rejected")
		m.sample(d.Dropped.Undelivered, "sink", sink, "outcome", "dropped", "reason", "undelivered")
		m.sample(d.Dropped.Closed, "sink", sink, "outcome", "dropped", "reason", "closed")
	})
	m.family("sonde_records_waiting", "gauge", "Records that are not stored yet.")
	m.perSink(st.Sinks, func(d *Delivery, sink string) { m.sample(d.Waiting, "sink", sink) })
	m.family("sonde_batch_retries_total", "counter", "Batches that were sent again.")
	m.perSink(st.Sinks, func(d *Delivery, sink string) { m.sample(d.Retries, "sink", sink) })
	m.family("sonde_points_total", "counter", "Points by what was recorded of them.")
	m.perSink(st.Sinks, func(d *Delivery, sink string) {
		m.sample(d.Starts, "sink", sink, "phase", "start")
		m.sample(d.Stops, "sink", sink, "phase", "stop")
	})

	m.family("sonde_points_left_out_total", "counter", "Points that were not recorded since their trace was full.")
	m.sample(st.LeftOut)
	m.family("sonde_points_condensed_total", "counter", "Points that are counted in another one's record instead of being written.")
	m.sample(st.Condensed)
	m.family("sonde_records_truncated_total", "counter", "Records whose attributes did not fit.")
	m.sample(st.Truncated)
	m.family("sonde_late_calls_total", "counter", "Calls on points that had ended.")
	m.sample(st.Late)
	m.family("sonde_panics_total", "counter", "Panics of the program's code in attributes and in the admission hook.")
	m.sample(st.Panics)
	_, err := w.Write(m.text.Bytes())
	return err
}

// metrics is a page in Prometheus' text format.
type metrics struct {
	text bytes.Buffer
	name string // of the family that comes
}

// family begins the samples of one name.
func (m *metrics) family(name, kind, help string) {
	m.name = name
	fmt.Fprintf(&m.text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

// sample writes a figure of the family; labels are names and values in turn.
func (m *metrics) sample(n uint64, labels ...string) {
	m.text.WriteString(m.name)
	for i := 0; i < len(labels); i += 2 {
		before := ","
		if i == 0 {
			before = "{"
		}
		fmt.Fprintf(&m.text, `%s%s="%s"`, before, labels[i], labelEscapes.Replace(strings.ToValidUTF8(labels[i+1], "\ufffd")))
	}
	if len(labels) > 0 {
		m.text.WriteByte('}')
	}
	fmt.Fprintf(&m.text, " %d\n", n)
}

var labelEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// perSink calls each for every sink with a name that no other has.
func (m *metrics) perSink(sinks []SinkStats, each func(d *Delivery, sink string)) {
	seen := map[string]int{}
	for i := range sinks {
		name := sinks[i].Sink
		if seen[name]++; seen[name] > 1 {
			name += " (" + strconv.Itoa(seen[name]) + ")"
		}
		each(&sinks[i].Delivery, name)
	}
}
