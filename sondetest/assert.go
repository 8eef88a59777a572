package sondetest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sonde-go/sonde/internal/figures"
	"github.com/sonde-go/sonde/internal/terminal"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/report/findings"
)

// violation is what an assertion holds against a trace. One that a ratchet file
// names is known by its rule and what.
type violation struct {
	what    string
	count   int
	message string
}

// judge fails the test for what is not known already.
func (t *Trace) judge(rule string, found []violation) {
	t.t.Helper()
	if t.rec.ratchet != nil {
		found = t.rec.ratchet.judge(t.t, rule, found)
	}
	for _, v := range found {
		t.failf("%s", v.message)
	}
}

// MaxQueries demands that at most n queries are made. It fails if there is none,
// unless n is 0.
func (t *Trace) MaxQueries(n int) {
	t.t.Helper()
	t.atMost("queries", layer.SQL, n)
}

// MaxCalls demands that at most n calls of a layer are made, such as
// [layer.HTTPClient] and [layer.GRPC]. It fails if there is none, unless n is 0.
func (t *Trace) MaxCalls(l *layer.Layer, n int) {
	t.t.Helper()
	t.atMost("calls "+l.Group, l, n)
}

func (t *Trace) atMost(rule string, l *layer.Layer, n int) {
	t.t.Helper()
	switch got := len(t.of(l)); {
	case got == 0 && n > 0:
		t.unseen(l)
	case got > n:
		t.judge(rule, []violation{{count: got, message: fmt.Sprintf("%s of %s, want at most %d", figures.Counted(got, "call"), groupName(l), n)}})
	default:
		t.judge(rule, nil)
	}
}

func groupName(l *layer.Layer) string {
	if l == layer.SQL {
		return "the database"
	}
	return fmt.Sprintf("the layer %q", l.Group)
}

// unseen fails for an assertion that has nothing to look at.
func (t *Trace) unseen(l *layer.Layer) {
	t.t.Helper()
	how := ""
	if l == layer.SQL {
		how = ": is it opened with sqltrace, and are its methods given the context?"
	}
	t.failf("no call of %s was seen, so nothing was checked%s", groupName(l), how)
}

// MaxShare demands that everything waits for no point, the test's own root left
// aside, for longer than a share of the whole time, 0 to 1: of the critical path,
// so what runs beside something longer does not count, and neither does the time of
// points below. Times vary, so leave much room; a ratchet file does not know them.
func (t *Trace) MaxShare(share float64) {
	t.t.Helper()
	waited := findings.Find(t.r, findings.Options{}).Waited()
	for p := range t.r.Walk() {
		took := waited.For(p)
		if part := float64(took) / float64(max(1, waited.All)); part > share && t.r.Parent(p) != nil {
			t.failf("%s took %s, %.0f %% of the time, want at most %.0f %%", t.name(p), figures.Duration(took), 100*part, 100*share)
		}
	}
}

// NoCallTo demands that no HTTP request goes to any of the hosts, nor a gRPC call
// to any of the services: "api.example.com", "shop.Inventory". It sees the calls of
// clients that have sondehttp.Transport, or sondegrpc's interceptors, and no
// others. Hosts are given without a port.
func (t *Trace) NoCallTo(hosts ...string) {
	t.t.Helper()
	count := map[string]int{}
	for _, p := range t.calls() {
		to := t.r.Text(p, "requests.hostname")
		if t.r.Layer(p) == layer.GRPC && t.r.Kind(p) == layer.Client {
			to = t.r.Text(p, "grpc.service")
		}
		if i := slices.IndexFunc(hosts, func(h string) bool { return strings.EqualFold(h, to) }); i >= 0 {
			count[hosts[i]]++
		}
	}
	var found []violation
	for _, h := range hosts {
		if n := count[h]; n > 0 {
			found = append(found, violation{what: h, count: n, message: fmt.Sprintf("%s to %s, want none", figures.Counted(n, "call"), terminal.Clean(h))})
			delete(count, h)
		}
	}
	t.judge("no call", found)
}
