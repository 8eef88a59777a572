package tail

// remembered has the decisions of the last traces for what still comes of them. It is
// bounded by their number: when a generation is full, the one before is forgotten.
type remembered struct {
	most        int // of a generation
	now, before generation
	forgotten   uint64
}

// generation has few verdicts of many traces.
type generation struct {
	traces   map[key]uint32 // the places of their verdicts
	verdicts []Verdict
	places   map[Verdict]uint32
}

func (r *remembered) add(k key, v Verdict) {
	if len(r.now.traces) >= r.most {
		r.forgotten += uint64(len(r.before.traces))
		r.before, r.now = r.now, generation{}
	}
	r.now.add(k, v)
}

func (r *remembered) get(k key) (v Verdict, ok bool) {
	if v, ok = r.now.get(k); !ok {
		v, ok = r.before.get(k)
	}
	return v, ok
}

func (g *generation) add(k key, v Verdict) {
	if g.traces == nil {
		g.traces, g.places = map[key]uint32{}, map[Verdict]uint32{}
	}
	at, ok := g.places[v]
	if !ok {
		at = uint32(len(g.verdicts))
		g.verdicts = append(g.verdicts, v)
		g.places[v] = at
	}
	g.traces[k] = at
}

func (g *generation) get(k key) (Verdict, bool) {
	at, ok := g.traces[k]
	if !ok {
		return Verdict{}, false
	}
	return g.verdicts[at], true
}
