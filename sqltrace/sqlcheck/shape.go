package sqlcheck

// shape gives a part of the fake driver some of the optional interfaces.
type shape[In, Out any] struct {
	name string
	add  func(In) Out
}

// named is the shape of that name.
func named[In, Out any](shapes []shape[In, Out], name string) func(In) Out {
	for _, s := range shapes {
		if s.name == name {
			return s.add
		}
	}
	panic("sqlcheck: no shape " + name)
}
