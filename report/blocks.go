package report

import "encoding/binary"

// ref is where blocks keep a text: the block, from 1 up, and the place in it.
type ref uint64

// The bits of a ref. Only the first text of a block may go beyond largestBlock.
const (
	placeBits = 20
	refBits   = 48
)

// blocks keep texts one after the other, in a few large pieces that the garbage
// collector need not look into and that are never copied.
type blocks struct{ list [][]byte }

const (
	smallestBlock = 1 << 10
	largestBlock  = 1 << placeBits
)

// put keeps a text that consists of a head and the rest.
func (b *blocks) put(head, rest []byte) ref {
	need := binary.MaxVarintLen64 + len(head) + len(rest)
	n := len(b.list) - 1
	if n < 0 || cap(b.list[n])-len(b.list[n]) < need {
		size := smallestBlock
		if n >= 0 {
			size = min(2*cap(b.list[n]), largestBlock)
		}
		b.list = append(b.list, make([]byte, 0, max(size, need)))
		n++
	}
	to := b.list[n]
	r := ref(n+1)<<placeBits | ref(len(to))
	to = binary.AppendUvarint(to, uint64(len(head)+len(rest)))
	b.list[n] = append(append(to, head...), rest...)
	return r
}

// get returns a text that was put.
func (b *blocks) get(r ref) []byte {
	from := b.list[r>>placeBits-1][r&(largestBlock-1):]
	n, size := binary.Uvarint(from)
	return from[size : size+int(n) : size+int(n)]
}
