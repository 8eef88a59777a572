// Package sarif writes what was found in a trace as SARIF 2.1.0, which code
// scanning and CI read: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html.
//
// A kind of finding is a rule, a finding is a result. Its message is the finding's
// text, its partial fingerprint the finding's signature, and its logical locations
// are the services and points that prove it. Its physical location is the place in
// the code where a record tells it (info.sonde.at, "cart/load.go:123"), and else the
// file in which it may be accepted. What somebody has accepted is suppressed, and
// what could not be judged is a notification of the invocation.
package sarif

import (
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strings"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/findings"
)

// Output is [Write] as a form of reports.
var Output = report.Output{
	Name:  "sarif",
	Doc:   "what was found as SARIF 2.1.0, for code scanning and CI",
	Text:  true,
	Write: Write,
}

// fingerprint names the fingerprint that a signature is, with the version of how
// it is made.
const fingerprint = "sonde/v1"

// Write writes a log of one run, in ASCII. It returns the first error of w.
//
// Of the options Now and Accepted mean something to it.
func Write(w io.Writer, r *report.Report, o report.Options) error {
	found := findings.Find(r, findings.For(o))
	one := run{
		Tool:        tool{Driver: driver{Name: "Sonde", InformationURI: home, Rules: rules()}},
		Invocations: []invocation{{ExecutionSuccessful: true, Notifications: []notification{}}},
		Results:     make([]result, len(found.Findings)), // not nil: it was looked for
		Properties:  runProperties{r.Trace},
	}
	for _, b := range found.Blind {
		one.Invocations[0].Notifications = append(one.Invocations[0].Notifications, notification{"note", literal("not judged: " + b)})
	}
	index := map[findings.Kind]int{}
	for i, rule := range one.Tool.Driver.Rules {
		index[rule.ID] = i
	}
	for i := range found.Findings {
		f := &found.Findings[i]
		one.Results[i] = result{
			RuleID: f.Kind, RuleIndex: index[f.Kind], Level: level(f.Kind), Message: literal(f.Text),
			Fingerprints: map[string]string{fingerprint: f.Signature},
			Properties: properties{
				Trace: r.Trace, Count: f.Count, Took: f.Took.Nanoseconds(), Share: f.Share,
				SavesMin: f.SavesMin.Nanoseconds(), SavesMax: f.SavesMax.Nanoseconds(), Confidence: f.Confidence, Because: f.Because,
			},
		}
		one.Results[i].Locations, one.Results[i].Related = locations(r, f.Points)
		if o.Accepted != nil { // then all results say whether they are
			one.Results[i].Suppressions = []suppression{}
		}
		if f.Accepted {
			one.Results[i].Suppressions = []suppression{{"external", "accepted", f.Why}}
		}
	}
	text, err := json.Marshal(log{schema, "2.1.0", []run{one}})
	if err != nil {
		return err
	}
	out := jsontext.NewWriter(w)
	if !out.Document(text) {
		return errors.New("sarif: what was written is not JSON")
	}
	out.Raw("\n")
	return out.Flush()
}

// level is how bad a kind is, in SARIF's words.
func level(k findings.Kind) string {
	switch k {
	case findings.Failure, findings.Lost:
		return "error"
	case findings.Sequential, findings.Waiting, findings.Outlives, findings.Cancelled:
		return "note"
	}
	return "warning"
}

var (
	placeholder = regexp.MustCompile(`\{(\d+)\}`)
	brackets    = strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`)
)

// literal is a message in which nothing of a trace is taken for a placeholder, "{0}",
// or for a link, "[text](address)".
func literal(text string) message {
	if strings.Contains(text, "](") {
		text = brackets.Replace(text)
	}
	return message{placeholder.ReplaceAllString(text, "{{$1}}")}
}
