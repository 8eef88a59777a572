package tail

import (
	"hash/fnv"
	"io"

	"github.com/sonde-go/sonde/header"
)

// Draw says of a base id whether its trace was drawn by sampling, and so may be dropped,
// and where it stands among those that were: evenly distributed above 0 and up to 1, the
// same for an id everywhere and for ever. A share of p of the traces is that of those at
// p or below.
type Draw func(base string) (place float64, drawn bool)

// Sampled is the Draw of base ids that say by themselves how they were drawn, see
// [header.Sample]. Since services decide by the same bits, those that record fewer
// traces than others have the ones that are kept here.
func Sampled(base string) (place float64, drawn bool) {
	id, err := header.ParseID(base)
	if err != nil {
		return 0, false
	}
	s, drawn := id.Sampled()
	if !drawn {
		return 0, false
	}
	return min(1, (1-float64(s.Hash)/(1<<56))/s.Rate), true
}

// key stands for a base id where there are millions of them.
type key uint64

func keyOf(base string) key {
	h := fnv.New64a()
	io.WriteString(h, base)
	return key(h.Sum64())
}
