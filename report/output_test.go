package report_test

import (
	"testing"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/outputtest"
)

// TestOutputs runs our own forms through what those of others run through.
func TestOutputs(t *testing.T) {
	for _, form := range report.Outputs() {
		t.Run(form.Name, func(t *testing.T) { outputtest.Run(t, form, "testdata/outputs") })
	}
}
