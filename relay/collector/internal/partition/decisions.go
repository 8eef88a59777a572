package partition

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/sonde-go/sonde/relay/internal/tail"
)

// Bucket has the decisions of all partitions, for as long as the rules say.
const Bucket = "SONDE_DECISIONS"

// errTaken says that somebody else has written to the log of a partition.
var errTaken = errors.New("another collector has taken the partition over")

// decisions are the logs. The key of one is that of its partition, and the history of
// the key is the log.
type decisions struct {
	kv jetstream.KeyValue
	by string
}

// openDecisions opens the bucket, and creates it if it is not there. It is made as a
// stream, in the layout of a bucket, since a client creates none with more than 64
// values of a key.
func openDecisions(ctx context.Context, js jetstream.JetStream, by string, keep time.Duration, replicas int) (*decisions, error) {
	config := jetstream.StreamConfig{
		Name: "KV_" + Bucket, Description: "Sonde: what tail sampling has decided",
		Subjects: []string{"$KV." + Bucket + ".>"}, MaxMsgsPerSubject: 1 << 20, MaxAge: keep,
		Storage: jetstream.FileStorage, Replicas: replicas, Discard: jetstream.DiscardNew,
		AllowRollup: true, DenyDelete: true, AllowDirect: true,
	}
	if _, err := js.CreateOrUpdateStream(ctx, config); err != nil {
		return nil, fmt.Errorf("the bucket %s: %w", Bucket, err)
	}
	kv, err := js.KeyValue(ctx, Bucket)
	if err != nil {
		return nil, fmt.Errorf("the bucket %s: %w", Bucket, err)
	}
	return &decisions{kv, by}, nil
}

func key(partition int) string { return fmt.Sprintf("v1.%02d", partition) }

// about stands before the decisions of an entry, on a line of its own.
type about struct {
	By       string         `json:"by"` // the collector
	Verdicts []tail.Verdict `json:"verdicts,omitempty"`
}

// entry is one of the log: the line, and for each trace its key in eight bytes and the
// number of its verdict as a varint.
func (d *decisions) entry(ts []*tail.Trace) []byte {
	a := about{By: d.by}
	numbers := map[tail.Verdict]int{}
	var list []byte
	for _, t := range ts {
		n, ok := numbers[t.Verdict]
		if !ok {
			n = len(a.Verdicts)
			numbers[t.Verdict] = n
			a.Verdicts = append(a.Verdicts, t.Verdict)
		}
		list = binary.AppendUvarint(binary.BigEndian.AppendUint64(list, t.Key()), uint64(n))
	}
	text, err := json.Marshal(a)
	if err != nil {
		panic(err) // it has strings and numbers
	}
	return append(append(text, '\n'), list...)
}

// errEntry is what is said of an entry that is none.
var errEntry = errors.New("not an entry of the decisions")

// read reads an entry. It yields nothing of one that cannot be read whole.
func read(entry []byte, each func(key uint64, v tail.Verdict)) (by string, err error) {
	line, list, ok := bytes.Cut(entry, []byte("\n"))
	var a about
	if !ok || json.Unmarshal(line, &a) != nil {
		return "", errEntry
	}
	type one struct {
		key uint64
		n   uint64
	}
	var all []one
	for len(list) > 0 {
		if len(list) < 9 {
			return "", errEntry
		}
		n, size := binary.Uvarint(list[8:])
		if size <= 0 || n >= uint64(len(a.Verdicts)) {
			return "", errEntry
		}
		all = append(all, one{binary.BigEndian.Uint64(list), n})
		list = list[8+size:]
	}
	for _, o := range all {
		each(o.key, a.Verdicts[o.n])
	}
	return a.By, nil
}

// append writes an entry after the one that it names, 0 if there was none. It fails with
// errTaken if that is not the last one.
func (d *decisions) append(ctx context.Context, partition int, after uint64, ts []*tail.Trace) (uint64, error) {
	at, err := d.kv.Update(ctx, key(partition), d.entry(ts), after)
	if errors.Is(err, jetstream.ErrKeyExists) || isWrongSequence(err) {
		return 0, errTaken
	}
	return at, err
}

func isWrongSequence(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence
}

// takeOver yields all decisions after an entry, and writes one that nobody can follow who
// does not know it. alone is whether nobody else has written since.
func (d *decisions) takeOver(ctx context.Context, partition int, after uint64, each func(key uint64, v tail.Verdict)) (at uint64, alone bool, err error) {
	alone = true
	for {
		entries, err := d.kv.History(ctx, key(partition))
		if err != nil && !errors.Is(err, jetstream.ErrKeyNotFound) {
			return 0, false, err
		}
		last := uint64(0)
		for _, e := range entries {
			last = e.Revision()
			if last <= after {
				continue
			}
			by, err := read(e.Value(), each)
			if err != nil {
				return 0, false, fmt.Errorf("entry %d of %s: %w; a newer collector may have written it", last, key(partition), err)
			}
			alone = alone && by == d.by
			after = last
		}
		at, err = d.append(ctx, partition, last, nil)
		if !errors.Is(err, errTaken) {
			return at, alone, err
		}
	}
}
