package tail

import "testing"

func TestRemembered(t *testing.T) {
	r := remembered{most: 100}
	verdict := func(i int) Verdict { return Verdict{Keep: true, Rule: byRate, Of: float64(i % 7)} }
	for i := range 1000 {
		r.add(key(i), verdict(i))
		for back := range 100 { // as many as a generation has are known in any case
			if at := i - back; at >= 0 {
				if v, ok := r.get(key(at)); !ok || v != verdict(at) {
					t.Fatalf("after %d: trace %d is %+v, %v", i, at, v, ok)
				}
			}
		}
	}
	if _, ok := r.get(0); ok || r.forgotten != 800 {
		t.Errorf("the first is known: %v; %d are forgotten, want 800", ok, r.forgotten)
	}
}
