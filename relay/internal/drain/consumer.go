package drain

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/sonde-go/sonde/relay/internal/spool"
)

const (
	// ConsumerName is that of the consumer that all drains of a spool share which do not
	// decide by trace.
	ConsumerName = "drain"

	// AckWait is how long after the death of a drain others get what it held.
	AckWait = 30 * time.Second

	// maxAckPending is how many messages may be held by all drains together or given
	// back for a while: how far stores that work may be ahead of one that does not.
	maxAckPending = 100_000
)

// Consumer returns the shared consumer of a spool, which it creates if it is not there.
func Consumer(ctx context.Context, js jetstream.JetStream) (jetstream.Consumer, error) {
	c, err := js.CreateOrUpdateConsumer(ctx, spool.StreamName, jetstream.ConsumerConfig{
		Durable: ConsumerName, Description: "Sonde: takes records to their stores",
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: AckWait, MaxAckPending: maxAckPending, MaxDeliver: -1,
		DeliverPolicy: jetstream.DeliverAllPolicy,
	})
	if err != nil {
		return nil, fmt.Errorf("the consumer %s of the spool: %w", ConsumerName, err)
	}
	return c, nil
}
