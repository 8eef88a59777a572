package csv

import (
	"testing"

	"github.com/sonde-go/sonde/report/outputtest"
)

func TestOutput(t *testing.T) { outputtest.Run(t, Output, "testdata") }
