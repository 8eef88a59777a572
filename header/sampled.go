package header

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
)

// Sample is what the bits of a base id say that was drawn by sampling: a UUID of
// version 8 (RFC 9562), whose layout is ours.
//
//	 0                   1                   2                   3
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//	+---------------------------------------------------------------+
//	|                            random                             |
//	+---------+---------------------+-------+-----------------------+
//	|exponent |       fraction      |   8   |         0x50d         |
//	+---+-----+-----+---------------+-------+-----------------------+
//	|2 0|   0x1e    |                     hash                      |
//	+---+-----------+-----------------------------------------------+
//	|                             hash                              |
//	+---------------------------------------------------------------+
//
// So the text of such an id is xxxxxxxx-RRRR-850d-9ehh-hhhhhhhhhhhh: 32 random bits,
// 16 bits of the rate, and 56 bits of the hash.
//
// The rate is (1 - fraction/4096) / 2^exponent, from 1 (0000) down to about 2^-32.
// A rate that falls between two is told as the higher one, which is at most 0.05 %
// more; the decision itself is made at the rate that was asked for.
//
// The hash is uniformly distributed over all requests, kept or not, and a rate keeps
// those with a hash of at least (1 - rate) * 2^56. All who decide by the hash
// therefore agree: what a lower rate keeps is a part of what a higher one keeps. The
// place of the hash and the side that is kept are those of OpenTelemetry's consistent
// probability sampling, so that its samplers, which see the id as a trace id, agree
// too: https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/
//
// A UUID of version 8 that somebody else has made is taken for such an id if it has
// our 18 bits of 0x50d and 0x1e by chance, and a hash that its rate keeps: one in
// five million, if its bits are random.
type Sample struct {
	// Rate is the share of traces that were kept when this one was, above 0 and at
	// most 1: the trace stands for 1/Rate of them.
	Rate float64
	// Hash decides at any other rate, see [Sample.KeptAt]. It has 56 bits.
	Hash uint64
}

const (
	hashBits     = 56
	sampledHigh  = 0x8<<12 | 0x50d       // the low 16 bits of the first half
	sampledLow   = (2<<6 | 0x1e) << 56   // the high 8 bits of the second half
	fractionBits = 11                    // of the code of a rate
	leastRate    = 0x1p-31 * 2049 / 4096 // of the greatest code
)

// NewSampledID makes the base id of a trace that was kept by sampling at rate, the
// share of traces that are kept: a UUID of version 8, see [Sample]. It does not
// decide whether a trace is kept; whoever decides by chance, or otherwise with no
// regard to the trace's id, does so before. A rate above 1 counts as 1, and one
// below 2^-32, the least that an id can tell, as that. It is safe for concurrent use.
func NewSampledID(rate float64) ID {
	if !(rate >= leastRate) {
		rate = leastRate
	}
	hash := 1<<hashBits - 1 - rand.Uint64N(kept(rate))
	var id ID
	binary.BigEndian.PutUint64(id.uuid[:8], rand.Uint64()<<32|uint64(rateCode(rate))<<16|sampledHigh)
	binary.BigEndian.PutUint64(id.uuid[8:], sampledLow|hash)
	return id
}

// Sampled returns what id says of the sampling that drew it. It returns false for
// every other id: that of a trace which somebody has asked for, and which nobody may
// thin out.
func (id ID) Sampled() (Sample, bool) {
	high, low := binary.BigEndian.Uint64(id.uuid[:8]), binary.BigEndian.Uint64(id.uuid[8:])
	if high&0xffff != sampledHigh || low>>hashBits != sampledLow>>hashBits {
		return Sample{}, false
	}
	s := Sample{Rate: codedRate(uint16(high >> 16)), Hash: low & (1<<hashBits - 1)}
	return s, s.KeptAt(s.Rate)
}

// KeptAt reports whether sampling at rate keeps the trace. At the Rate of s or a
// higher one it always does, at 0 or less it never does.
func (s Sample) KeptAt(rate float64) bool { return 1<<hashBits-s.Hash <= kept(rate) }

// kept is how many hashes rate keeps.
func kept(rate float64) uint64 {
	switch {
	case rate >= 1:
		return 1 << hashBits
	case rate > 0:
		return uint64(math.Ceil(rate * (1 << hashBits)))
	}
	return 0 // or not a number
}

// rateCode is the code of the lowest rate that is not below rate.
func rateCode(rate float64) uint16 {
	if rate >= 1 {
		return 0
	}
	share, exponent := math.Frexp(rate) // rate = share * 2^exponent, 1/2 <= share < 1
	return uint16(-exponent)<<fractionBits + uint16((1-share)*(2<<fractionBits))
}

func codedRate(code uint16) float64 {
	fraction := float64(code & (1<<fractionBits - 1))
	return math.Ldexp(1-fraction/(2<<fractionBits), -int(code>>fractionBits))
}
