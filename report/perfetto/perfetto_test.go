package perfetto_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/sonde-go/sonde/report/outputtest"
	"github.com/sonde-go/sonde/report/perfetto"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOutput(t *testing.T) { outputtest.Run(t, perfetto.Output, "testdata") }
