package relay

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	asAgent()
	goleak.VerifyTestMain(m)
}
