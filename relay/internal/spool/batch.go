package spool

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// Version is that of the format of messages, the "v1" of their subjects.
	Version = 1

	// Partitions is how many subjects the stream has.
	Partitions = 64

	// MaxRecords and MaxBytes bound a message. A single record may be larger than
	// MaxBytes and then is alone.
	MaxRecords = 512
	MaxBytes   = 256 << 10

	// MaxRecordBytes is the most that one record may have: what the default limit of a
	// NATS server for a message (1 MiB) leaves beside the headers.
	MaxRecordBytes = 1<<20 - 4<<10
)

const (
	subjectPrefix = "sonde.v"
	traceHeader   = "Sonde-Trace"
	recordsHeader = "Sonde-Records"
	againHeader   = "Sonde-Again"
)

// Batch is one message of the spool: records of one trace.
type Batch struct {
	// ID is who sent it and what: the producer, the first and the last record of the
	// post and, if the post became several batches, which of them this is, such as
	// 9f3c5a0e12ab34cd-513-1024-2. A batch of an ID that the stream knows is not stored
	// again. Without the last record a longer post that begins like another would be
	// taken for it.
	ID      string
	Trace   string // the base id of all its records; printable ASCII
	Records int
	Text    []byte // the records, each with a newline behind it

	// Again says that stores may have some of the records, since they were in the
	// quarantine.
	Again bool
}

// ErrVersion is wrapped by Decode's error for a message of a later version.
var ErrVersion = errors.New("this program is too old for it")

// Partition is that of a trace: FNV-1a of its id, modulo [Partitions].
func Partition(trace string) int {
	h := fnv.New64a()
	io.WriteString(h, trace)
	return int(h.Sum64() % Partitions)
}

// Subject is that of the messages of a partition, "sonde.v1.07".
func Subject(partition int) string {
	return fmt.Sprintf("%s%d.%02d", subjectPrefix, Version, partition)
}

var subjects = func() (s [Partitions]string) {
	for i := range s {
		s[i] = Subject(i)
	}
	return s
}()

func (b *Batch) message() *nats.Msg {
	m := &nats.Msg{Subject: subjects[Partition(b.Trace)], Data: b.Text, Header: make(nats.Header, 6)}
	m.Header[jetstream.MsgIDHeader] = []string{b.ID}
	m.Header[traceHeader] = []string{b.Trace}
	m.Header[recordsHeader] = []string{strconv.Itoa(b.Records)}
	if b.Again {
		m.Header[againHeader] = []string{"true"}
	}
	return m
}

// Decode reads a message of the spool, of this version or an earlier one. The text of
// the batch is data. With an error, the batch has what is known of it.
func Decode(subject string, h nats.Header, data []byte) (Batch, error) {
	rest, ok := strings.CutPrefix(subject, subjectPrefix)
	version, partition, dot := strings.Cut(rest, ".")
	if p, err := strconv.Atoi(partition); !ok || !dot || err != nil || p < 0 || p >= Partitions {
		return Batch{}, fmt.Errorf("%q is no subject of the spool", subject)
	}
	if version != strconv.Itoa(Version) {
		return Batch{}, fmt.Errorf("a message of version %s: %w: it reads version %d", version, ErrVersion, Version)
	}
	b := Batch{ID: h.Get(jetstream.MsgIDHeader), Trace: h.Get(traceHeader), Text: data, Again: h.Get(againHeader) != ""}
	if b.Trace == "" {
		return b, errors.New("a message without the header " + traceHeader)
	}
	var err error
	if b.Records, err = strconv.Atoi(h.Get(recordsHeader)); err != nil || b.Records < 1 {
		return b, fmt.Errorf("a message whose header %s is %q", recordsHeader, h.Get(recordsHeader))
	}
	return b, nil
}
