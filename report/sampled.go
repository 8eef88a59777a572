package report

import (
	"encoding/json"
	"math"
	"strconv"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/jsontext"
)

// Sampled is what a trace says that sampling has drawn, instead of somebody asking for
// it.
type Sampled struct {
	// Rate is the share of requests that were kept when this one was, from its id.
	Rate float64
	// By is what decided, Route which requests Rate is about, and Budget the part of the
	// usual rate to which a budget had lowered it, 1 for the usual rate: as the service
	// says that began the trace. They are hostile, and zero where no record says them.
	By, Route string
	Budget    float64
	// Kept is the rule of tail sampling that has kept the trace, and Of how many of those
	// that were drawn it stands for: "" and 1 if a collector says nothing of it. Early is
	// why it was decided before all of it had come, "" if it was not. Kept and Early are
	// hostile.
	Kept, Early string
	Of          float64
}

// Sampled returns false if somebody has asked for the trace. It reads all records.
func (r *Report) Sampled() (Sampled, bool) {
	id, err := header.ParseID(r.Trace)
	if err != nil {
		return Sampled{}, false
	}
	drawn, ok := id.Sampled()
	if !ok {
		return Sampled{}, false
	}
	s := Sampled{Rate: drawn.Rate, Of: 1}
	drawnBy, keptBy := r.mentioned.has("sampled"), r.mentioned.has("kept")
	if !drawnBy && !keptBy {
		return s, true
	}
	for info := range r.infos() {
		if drawnBy && s.drawn(info) {
			drawnBy = false
		}
		if keptBy && s.kept(info) {
			keptBy = false
		}
		if !drawnBy && !keptBy {
			break
		}
	}
	return s, true
}

// drawn reads what the service that began the trace says, false if info does not.
func (s *Sampled) drawn(info []byte) bool {
	var told struct {
		By, Route string
		Budget    float64
	}
	text := jsontext.Get(info, "sonde", "sampled")
	if text == nil || json.Unmarshal(text, &told) != nil || told.By == "downstream" {
		return false
	}
	s.By, s.Route, s.Budget = told.By, told.Route, told.Budget
	return true
}

// mostOf is more than any collector counts.
const mostOf = 1e12

// kept reads what a collector says, false if info does not.
func (s *Sampled) kept(info []byte) bool {
	var told struct {
		By, Early string
		Of        float64
	}
	text := jsontext.Get(info, "sonde", "kept")
	if text == nil || json.Unmarshal(text, &told) != nil || told.By == "" || !(told.Of >= 1 && told.Of <= mostOf) {
		return false
	}
	s.Kept, s.Early, s.Of = told.By, told.Early, told.Of
	return true
}

// StandsFor is how many requests the trace stands for, itself included.
func (s Sampled) StandsFor() int64 {
	return int64(math.Min(math.Round(max(s.Of, 1)/s.Rate), math.MaxInt64/2))
}

// String is what Drawn and KeptBy say.
func (s Sampled) String() string {
	if kept := s.KeptBy(); kept != "" {
		return s.Drawn() + "; " + kept
	}
	return s.Drawn()
}

// Drawn is a line: "1 of 100 of GET /cart; this trace stands for about 100".
func (s Sampled) Drawn() string {
	text := "1 of " + strconv.FormatInt(int64(math.Round(1/s.Rate)), 10)
	if s.Route != "" {
		text += " of " + s.Route
	}
	text += "; this trace stands for about " + strconv.FormatInt(s.StandsFor(), 10)
	if s.Budget > 0 && s.Budget < 1 {
		text += ", at 1/" + strconv.FormatFloat(math.Round(1/s.Budget), 'f', -1, 64) + " of the usual rate to stay within a budget"
	}
	return text
}

// KeptBy is a line: "kept by tail sampling: slowest", "" if no collector says so.
func (s Sampled) KeptBy() string {
	switch {
	case s.Kept == "":
		return ""
	case s.Early == "":
		return "kept by tail sampling: " + s.Kept
	}
	return "kept by tail sampling: " + s.Kept + " (decided early: " + s.Early + ")"
}
