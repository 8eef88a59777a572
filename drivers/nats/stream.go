package nats

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/sonde-go/sonde/header"
)

// subject is where the records of a trace are. It is not ok for an id that no
// record can have.
func (c *config) subject(baseID string) (subject string, ok bool) {
	if _, err := header.ParseID(baseID); err != nil {
		return "", false
	}
	return c.stream + "." + baseID, true
}

// subjects are those of all traces.
func (c *config) subjects() string { return c.stream + ".*" }

// prepare makes the stream, or sets what the URL says of one that is there. It
// does so once.
func (d *store) prepare(ctx context.Context, js jetstream.JetStream) error {
	if d.prepared.Load() {
		return nil
	}
	stream, err := d.find(ctx, js)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		stream, err = d.create(ctx, js)
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // another program was faster
			stream, err = d.find(ctx, js)
		}
	}
	if err != nil {
		return fmt.Errorf("stream %s: %w", d.config.stream, err)
	}
	if err := d.adapt(ctx, js, stream.CachedInfo().Config); err != nil {
		return err
	}
	d.prepared.Store(true)
	return nil
}

func (d *store) find(ctx context.Context, js jetstream.JetStream) (stream jetstream.Stream, err error) {
	err = d.request(ctx, func(ctx context.Context) error {
		stream, err = js.Stream(ctx, d.config.stream)
		return err
	})
	return stream, err
}

func (d *store) create(ctx context.Context, js jetstream.JetStream) (stream jetstream.Stream, err error) {
	err = d.request(ctx, func(ctx context.Context) error {
		stream, err = js.CreateStream(ctx, jetstream.StreamConfig{
			Name:        d.config.stream,
			Description: "Records of trace points, one subject for each trace",
			Subjects:    []string{d.config.subjects(), d.config.indexSubjects()},
			MaxAge:      d.config.maxAge,
			Replicas:    max(d.config.replicas, 1),
		})
		return err
	})
	return stream, err
}

// adapt sets what the URL says of a stream that is there.
func (d *store) adapt(ctx context.Context, js jetstream.JetStream, c jetstream.StreamConfig) error {
	all := slices.Contains(c.Subjects, d.config.stream+".>")
	if !all && !slices.Contains(c.Subjects, d.config.subjects()) {
		return fmt.Errorf("stream %s belongs to something else: it does not have the subjects %s", d.config.stream, d.config.subjects())
	}
	wanted := c
	if !all && !slices.Contains(c.Subjects, d.config.indexSubjects()) { // another program has made it
		wanted.Subjects = append(slices.Clone(c.Subjects), d.config.indexSubjects())
	}
	if d.config.maxAge != 0 {
		wanted.MaxAge = d.config.maxAge
		if wanted.Duplicates > wanted.MaxAge {
			wanted.Duplicates = wanted.MaxAge
		}
	}
	if d.config.replicas != 0 {
		wanted.Replicas = d.config.replicas
	}
	if wanted.MaxAge == c.MaxAge && wanted.Replicas == c.Replicas && len(wanted.Subjects) == len(c.Subjects) {
		return nil
	}
	err := d.request(ctx, func(ctx context.Context) error {
		_, err := js.UpdateStream(ctx, wanted)
		return err
	})
	if err != nil {
		return fmt.Errorf("setting subjects, max_age and replicas of stream %s: %w", d.config.stream, err)
	}
	return nil
}
