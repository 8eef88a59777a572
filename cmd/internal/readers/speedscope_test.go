package readers

import (
	"bytes"
	"os"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/speedscope"
)

// TestSpeedscope holds the form to speedscope's schema.
func TestSpeedscope(t *testing.T) {
	text, err := os.ReadFile("testdata/speedscope/file-format-schema.json")
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	const published = "https://www.speedscope.app/file-format-schema.json"
	c := jsonschema.NewCompiler()
	if err := c.AddResource(published, document); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile(published)
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range reports(t) {
		var out bytes.Buffer
		if err := speedscope.Write(&out, r, report.Options{}); err != nil {
			t.Fatal(err)
		}
		file, err := jsonschema.UnmarshalJSON(&out)
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		if err := schema.Validate(file); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		delete(file.(map[string]any)["profiles"].([]any)[0].(map[string]any), "weights")
		if schema.Validate(file) == nil {
			t.Fatal("the schema takes anything")
		}
	}
}
