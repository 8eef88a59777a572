package partition

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/sonde-go/sonde/relay/internal/drain"
	"github.com/sonde-go/sonde/relay/internal/spool"
)

// group is the only priority group of a consumer.
const group = "tail"

// ConsumerName is that of the consumer of a partition, "tail-07".
func ConsumerName(partition int) string { return fmt.Sprintf("tail-%02d", partition) }

// checkVersion fails for a server that cannot pin a consumer to one client.
func checkVersion(version string) error {
	var major, minor int
	if _, err := fmt.Sscanf(version, "%d.%d.", &major, &minor); err != nil || major < 2 || major == 2 && minor < 11 {
		return fmt.Errorf("tail sampling needs NATS servers of version 2.11 or later, which give a partition to one collector at a time; this one is %q", version)
	}
	return nil
}

// consumer returns the consumer of a partition, which it creates if it is not there.
func consumer(ctx context.Context, js jetstream.JetStream, partition int, ackWait, pinned time.Duration) (jetstream.Consumer, error) {
	c, err := js.CreateOrUpdateConsumer(ctx, spool.StreamName, jetstream.ConsumerConfig{
		Durable: ConsumerName(partition), Description: "Sonde: decides the traces of a partition",
		FilterSubject: spool.Subject(partition),
		AckPolicy:     jetstream.AckExplicitPolicy, AckWait: ackWait, MaxAckPending: -1, MaxDeliver: -1,
		PriorityPolicy: jetstream.PriorityPolicyPinned, PinnedTTL: pinned, PriorityGroups: []string{group},
	})
	var api *jetstream.APIError
	if errors.As(err, &api) && api.ErrorCode == errNotUnique {
		return nil, fmt.Errorf("collectors without tail sampling share the spool's consumer %q: end them, and delete it with `nats consumer rm %s %[1]s`", drain.ConsumerName, spool.StreamName)
	}
	if err != nil {
		return nil, fmt.Errorf("the consumer %s of the spool: %w", ConsumerName(partition), err)
	}
	return c, nil
}

// errNotUnique is JSConsumerWQConsumerNotUniqueErr of the server: two consumers of a work
// queue would get the same messages.
const errNotUnique = 10100
