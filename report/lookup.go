package report

import (
	"fmt"
	"strings"
)

// Lookup returns the point with this id, or the only one whose id begins with it.
func (r *Report) Lookup(id string) (found *Point, err error) {
	n := 0
	for p := range r.All() {
		whole := p.ID()
		if whole == id {
			return p, nil
		}
		if strings.HasPrefix(whole, id) {
			found = p
			n++
		}
	}
	switch n {
	case 0:
		return nil, fmt.Errorf("no point of the trace has an id that begins with %q", id)
	case 1:
		return found, nil
	}
	return nil, fmt.Errorf("%d points have ids that begin with %q, one of them %s", n, id, found.ID())
}
