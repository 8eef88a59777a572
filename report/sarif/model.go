package sarif

import "github.com/sonde-go/sonde/report/findings"

// schema is where the schema of the log is published.
const schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

// The objects of SARIF that a log has, with those of their properties that are
// used. Chapter 3 of the specification has all.
type (
	log struct {
		Schema  string `json:"$schema"`
		Version string `json:"version"`
		Runs    []run  `json:"runs"`
	}
	run struct {
		Tool        tool          `json:"tool"`
		Invocations []invocation  `json:"invocations"`
		Results     []result      `json:"results"`
		Properties  runProperties `json:"properties"`
	}
	runProperties struct {
		Trace string `json:"trace"`
	}
	tool struct {
		Driver driver `json:"driver"`
	}
	driver struct {
		Name           string `json:"name"`
		InformationURI string `json:"informationUri"`
		Rules          []rule `json:"rules"`
	}
	rule struct {
		ID            findings.Kind `json:"id"`
		Description   message       `json:"fullDescription"`
		HelpURI       string        `json:"helpUri"`
		Configuration configuration `json:"defaultConfiguration"`
	}
	configuration struct {
		Level string `json:"level"`
	}
	invocation struct {
		ExecutionSuccessful bool           `json:"executionSuccessful"`
		Notifications       []notification `json:"toolExecutionNotifications"`
	}
	notification struct {
		Level   string  `json:"level"`
		Message message `json:"message"`
	}
	result struct {
		RuleID       findings.Kind     `json:"ruleId"`
		RuleIndex    int               `json:"ruleIndex"`
		Level        string            `json:"level"`
		Message      message           `json:"message"`
		Locations    []location        `json:"locations"`
		Related      []location        `json:"relatedLocations,omitempty"`
		Fingerprints map[string]string `json:"partialFingerprints"`
		Suppressions []suppression     `json:"suppressions,omitzero"`
		Properties   properties        `json:"properties"`
	}
	message struct {
		Text string `json:"text"`
	}
	location struct {
		Physical *physicalLocation `json:"physicalLocation,omitempty"`
		Logical  []logicalLocation `json:"logicalLocations,omitempty"`
	}
	physicalLocation struct {
		Artifact artifactLocation `json:"artifactLocation"`
		Region   region           `json:"region"`
	}
	artifactLocation struct {
		URI string `json:"uri"`
	}
	region struct {
		StartLine int `json:"startLine"`
	}
	logicalLocation struct {
		Name          string `json:"name"`
		QualifiedName string `json:"fullyQualifiedName"`
		Kind          string `json:"kind"`
	}
	suppression struct {
		Kind          string `json:"kind"`
		Status        string `json:"status"`
		Justification string `json:"justification"`
	}
	properties struct {
		Trace      string              `json:"trace"`
		Count      int                 `json:"count"`
		Took       int64               `json:"took_ns"`
		Share      float64             `json:"share"`
		SavesMin   int64               `json:"saves_min_ns"`
		SavesMax   int64               `json:"saves_max_ns"`
		Confidence findings.Confidence `json:"confidence"`
		Because    string              `json:"because"`
	}
)
