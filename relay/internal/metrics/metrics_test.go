package metrics

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestText(t *testing.T) {
	var m Text
	m.Counter("a_total", "Of \\ two\nlines.", 18446744073709551615)
	m.Counters("b_total", "By reason.", "reason", map[string]uint64{"z": 2, "a\"\\\n": 1})
	m.Counters("c_total", "None.", "reason", nil)
	m.Gauge("d", "Falls.", 0.25)
	const want = `# HELP a_total Of \\ two\nlines.
# TYPE a_total counter
a_total 18446744073709551615
# HELP b_total By reason.
# TYPE b_total counter
b_total{reason="a\"\\\n"} 1
b_total{reason="z"} 2
# HELP c_total None.
# TYPE c_total counter
# HELP d Falls.
# TYPE d gauge
d 0.25
`
	if m.String() != want {
		t.Errorf("%s\nwant\n%s", m.String(), want)
	}
}
