package report

import (
	"strings"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/profiler"
)

// maxDetail is where a detail is cut: no line shows more.
const maxDetail = 1000

// Detail says in a few words what a point was about, from the attributes that
// OSProfiler's and Sonde's own trace points store: "GET /cart 200" of a
// request, the statement of a query, the method of a call, the subject of a
// message, the name of a function, and an outcome other than success or failure
// in brackets. It is "" for other points. The text is as stored: hostile, and
// at most 1000 bytes long.
func (r *Report) Detail(p *Point) string {
	start, stop := r.Info(p, profiler.KindStart), r.Info(p, profiler.KindStop)
	d := detail{start: start, stop: stop}
	d.read()
	if outcome := plainText(jsontext.Get(stop, "outcome")); outcome != "" {
		d.words = append(d.words, "("+outcome+")")
	}
	text := strings.Join(d.words, " ")
	if len(text) > maxDetail {
		text = strings.ToValidUTF8(text[:maxDetail], "")
	}
	return text
}

type detail struct {
	start, stop []byte
	words       []string
}

// add adds the first of these values that is there.
func (d *detail) add(values ...[]byte) {
	for _, v := range values {
		if text := plainText(v); text != "" {
			d.words = append(d.words, text)
			return
		}
	}
}

// read takes each key once, as UniqueMembers gives them: looking into the stop
// record for each of many repeated keys would take quadratic time.
func (d *detail) read() {
	jsontext.UniqueMembers(d.start, func(key, value []byte) {
		if len(d.words) > 0 || value[0] != '{' {
			return
		}
		get := func(name string) []byte { return jsontext.Get(value, name) }
		switch plainText(key) {
		case "request":
			d.add(get("method"))
			d.add(get("path"))
			d.add(jsontext.Get(d.stop, "response", "status_code"))
		case "requests":
			d.add(get("method"))
			d.words = append(d.words, host(get("hostname"), get("port"))+plainText(get("path")))
			d.add(jsontext.Get(d.stop, "requests", "status_code"))
		case "db":
			d.add(get("statement"))
		case "grpc":
			d.add(get("method"))
			d.add(jsontext.Get(d.stop, "grpc", "code"))
		case "nats":
			d.add(get("subject"))
		case "function":
			d.add(get("name"))
		}
	})
}

func host(hostname, port []byte) string {
	text := plainText(hostname)
	if p := plainText(port); p != "" {
		text += ":" + p
	}
	return text
}
