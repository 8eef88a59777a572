package report_test

import (
	"testing"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/outputtest"
)

func TestOutput(t *testing.T) { outputtest.Run(t, report.OSProfiler, "testdata/outputs") }
