package traces

import (
	"fmt"
	"io"
	"iter"
	"strconv"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/report/document"
)

// WriteUpstream writes traces as a JSON array with OSProfiler's names, and says how
// many there were. It writes while traces come.
func WriteUpstream(w io.Writer, traces iter.Seq2[Line, error]) (n int, err error) {
	return writeArray(w, traces, "[", "  ", appendUpstream)
}

// Write writes traces as Sonde's own document, see docs/json.md, and says how many
// there were. It writes while traces come.
func Write(w io.Writer, traces iter.Seq2[Line, error]) (n int, err error) {
	head := fmt.Sprintf("{\n  \"version\": %d,\n  \"traces\": [", document.Version)
	if n, err = writeArray(w, traces, head, "    ", AppendLine); err == nil {
		_, err = io.WriteString(w, "}\n")
	}
	return n, err
}

// appendUpstream appends a trace as a JSON object with OSProfiler's names.
func appendUpstream(b []byte, t *Line) []byte {
	b = appendTexts(append(b, '{'), `""`, "base_id", t.ID, "timestamp", t.Timestamp, "project", t.Project, "service", t.Service, "name", t.Name)
	return append(appendFailed(b, t), '}')
}

// AppendLine appends a trace as a JSON object in Sonde's own schema. What is not
// known of it is left out.
func AppendLine(b []byte, t *Line) []byte {
	at := ""
	if began, err := Began(&t.Trace); err == nil {
		at = began.Format("2006-01-02T15:04:05.000000Z")
	}
	b = appendTexts(append(b, '{'), "null", "trace", t.ID, "began", at, "project", t.Project, "service", t.Service, "name", t.Name, "place", string(t.Cursor()))
	if d := t.Digest; d != nil {
		b = appendTexts(append(b, ','), "null", "root", d.Root, "status", d.Status)
		b = strconv.AppendInt(append(b, `,"duration_ns":`...), d.Duration.Nanoseconds(), 10)
		b = strconv.AppendBool(append(b, `,"ended":`...), d.Ended)
		b = strconv.AppendInt(append(b, `,"points":`...), int64(d.Points), 10)
		b = append(b, `,"services":[`...)
		for i, name := range d.Services {
			if i > 0 {
				b = append(b, ',')
			}
			b = jsontext.AppendString(b, name)
		}
		b = append(b, ']')
	}
	return append(appendFailed(b, t), '}')
}

// appendFailed appends the member that says whether the trace has failed, if that is
// known.
func appendFailed(b []byte, t *Line) []byte {
	if failed, known := t.HasFailed(); known {
		b = strconv.AppendBool(append(b, `,"failed":`...), failed)
	}
	return b
}

// appendTexts appends names and texts as members of a JSON object in ASCII, since
// they were written by others and go to a terminal.
func appendTexts(b []byte, empty string, namesAndTexts ...string) []byte {
	for i := 0; i < len(namesAndTexts); i += 2 {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(jsontext.AppendString(b, namesAndTexts[i]), ':')
		if text := namesAndTexts[i+1]; text == "" {
			b = append(b, empty...)
		} else {
			b = jsontext.AppendString(b, text)
		}
	}
	return b
}

// writeArray writes what begins with a bracket, a line for each trace, and ends
// the bracket and the line.
func writeArray(w io.Writer, traces iter.Seq2[Line, error], head, indent string, appendTo func([]byte, *Line) []byte) (n int, err error) {
	if _, err := io.WriteString(w, head); err != nil {
		return 0, err
	}
	for t, err := range traces {
		if err != nil {
			return n, err
		}
		before := ",\n"
		if n == 0 {
			before = "\n"
		}
		if _, err := fmt.Fprintf(w, "%s%s%s", before, indent, appendTo(nil, &t)); err != nil {
			return n, err
		}
		n++
	}
	end := "]\n"
	if n > 0 {
		end = "\n" + indent[2:] + "]\n"
	}
	_, err = io.WriteString(w, end)
	return n, err
}
