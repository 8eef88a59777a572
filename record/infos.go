package record

import (
	"bytes"
	"hash/maphash"
)

// infos are those that a [Parser] has read lately, with what it has found out: they
// are valid JSON objects, and their hosts. Many records of a trace have the same.
type infos struct {
	seed  maphash.Seed
	slots []readInfo // by hash
	read  int
}

type readInfo struct {
	hash   uint64 // spares a look at most texts that differ
	text   []byte
	layout *layout
	host   *string
}

const (
	infosBits   = 10
	longestInfo = 512
	// someInfos are read before any is kept, since a small trace has no use for it.
	someInfos = 32
)

// hash is that of an info, the same for equal ones.
func (x *infos) hash(info []byte) uint64 {
	if x.read == 0 {
		x.seed = maphash.MakeSeed()
	}
	x.read++
	return maphash.Bytes(x.seed, info)
}

// host is that of an info which was kept, nil if it was not.
func (x *infos) host(hash uint64, info []byte, l *layout) *string {
	if x.slots == nil {
		return nil
	}
	if i := &x.slots[hash>>(64-infosBits)]; i.hash == hash && i.layout == l && bytes.Equal(i.text, info) {
		return i.host
	}
	return nil
}

// keep keeps a valid info.
func (x *infos) keep(hash uint64, info []byte, l *layout, host *string) {
	if len(info) > longestInfo || x.read < someInfos {
		return
	}
	if x.slots == nil {
		x.slots = make([]readInfo, 1<<infosBits)
	}
	i := &x.slots[hash>>(64-infosBits)]
	i.hash, i.text, i.layout, i.host = hash, append(i.text[:0], info...), l, host
}
