package findings

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/sonde-go/sonde/internal/figures"
	"github.com/sonde-go/sonde/layer"
)

// head is what was asked.
func (t *tree) head() Head {
	h := Head{Points: t.r.Points(), Services: len(t.r.Services()), Duration: span(t.time()), Ended: !t.nodes[t.root].is(open | openBelow)}
	if t.root == 0 {
		return h
	}
	n := &t.nodes[t.root]
	h.Point, h.Service, h.Ended = t.point(n), t.point(n).Service, !n.is(open)
	h.Title = t.title(n.key)
	switch l := t.r.Layer(t.point(n)); l {
	case layer.HTTPServer:
		h.Title = joined(t.r.Text(t.point(n), "request.method"), shorten(t.r.Text(t.point(n), "request.path")))
		h.Status = t.r.Text(t.point(n), "response.status_code")
	case layer.HTTPClient:
		h.Status = t.r.Text(t.point(n), "requests.status_code")
	case layer.GRPC:
		h.Status = t.r.Text(t.point(n), "grpc.code")
	}
	if h.Title == "" {
		h.Title = t.point(n).Name
	}
	return h
}

// signature is of a kind, the service of the first member, and what the members
// and what is above them are called, without anything that changes from one trace
// to the next.
func (t *tree) signature(kind Kind, members []int32, more ...string) string {
	texts := append([]string{}, more...)
	service := ""
	for k, m := range members[:min(len(members), mostPoints)] {
		n := &t.nodes[m]
		text := t.keys.list[n.key]
		if k == 0 {
			service = text.service
			above := t.keys.list[max(0, t.nodes[max(0, n.parent)].key)]
			texts = append(texts, above.service, above.name, above.what)
		}
		texts = append(texts, text.service, text.name, text.what)
	}
	return signature(kind, append([]string{service}, texts...)...)
}

// signature is "kind:service:hash".
func signature(kind Kind, texts ...string) string {
	sum := sha256.New()
	service := ""
	for k, text := range texts {
		if k == 0 {
			service = text
		}
		fmt.Fprintf(sum, "%d %s ", len(text), text)
	}
	return string(kind) + ":" + shorten(service) + ":" + hex.EncodeToString(sum.Sum(nil)[:6])
}

// blind says what could not be judged.
func (t *tree) blind(res *Result) (list []string) {
	say := func(n int, one, rest string) {
		if n > 0 {
			list = append(list, figures.Counted(n, one)+rest)
		}
	}
	queries, calls, followed, unbegun := 0, 0, 0, 0
	for i := range t.nodes {
		n := &t.nodes[i]
		if n.index == none {
			continue
		}
		if n.is(noStart) {
			unbegun++
		}
		switch group := t.keys.list[n.key].group; {
		case group == layer.SQL.Group:
			queries++
		case n.kind == layer.Client:
			calls++
			for c := range t.children(int32(i)) {
				if t.nodes[c].kind == layer.Server {
					followed++
					break
				}
			}
		}
	}
	if len(t.nodes) == 1 {
		return []string{"there are no points"}
	}
	if queries == 0 && (len(res.Findings) == 0 || slices.ContainsFunc(res.Findings, func(f Finding) bool { return f.Kind == Slow || f.Kind == Gap })) {
		list = append(list, "no query of a database was recorded, so none can be called slow or repeated")
	}
	say(calls-followed, "call", " to services that recorded nothing here: what they did is not known")
	say(unbegun, "point", " without a start: how long they took is not known")
	say(t.r.Len()-len(t.nodes)+1, "point", " whose parents lead in a circle: no root leads to them")
	lost := t.r.Lost()
	for _, m := range t.r.Missing() {
		lost += m.Records()
	}
	if lost > 0 {
		say(int(lost), "record", " lost: what is missing may be the cause")
	}
	list = append(list, t.blindFor()...)
	if t.half {
		list = append(list, "what called "+t.titleOf(t.root)+" is not in the trace")
	}
	if len(t.orphans) > 0 {
		say(len(t.orphans), "point", " below a missing parent, with all below: the critical path knows nothing of them")
	}
	for i := range res.Shifts {
		if s := &res.Shifts[i]; !s.Corrected {
			list = append(list, "times of "+named(s.Service, "a service without a name")+" on "+shorten(s.Host)+" cannot be compared with its callers'")
		}
	}
	return list
}
