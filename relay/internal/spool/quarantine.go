package spool

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// QuarantineStream has what can never be stored, by partition as the spool has.
	QuarantineStream  = "SONDE_QUARANTINE"
	quarantinePrefix  = "sonde.quarantine."
	reasonHeader      = "Sonde-Reason"
	sourceHeader      = "Sonde-Source"
	quarantineSubject = quarantinePrefix + "*"
)

// Bad is a record, or what should be one, that can never be stored.
type Bad struct {
	ID     string // of what it came from and its place there: it is put aside once
	Trace  string // of its message; printable ASCII
	Reason string // why, for people: what is no printable ASCII in it becomes "?"
	Source string // who found it: "collector", or the name of a store
	Text   []byte // as it was sent
}

func (b *Bad) message() *nats.Msg {
	m := &nats.Msg{Subject: fmt.Sprintf("%s%02d", quarantinePrefix, Partition(b.Trace)), Data: b.Text, Header: nats.Header{}}
	if b.ID != "" {
		m.Header.Set(jetstream.MsgIDHeader, b.ID)
	}
	m.Header.Set(traceHeader, b.Trace)
	m.Header.Set(reasonHeader, printable(b.Reason, 1000))
	m.Header.Set(sourceHeader, printable(b.Source, 100))
	return m
}

// DecodeBad reads a message of the quarantine.
func DecodeBad(h nats.Header, data []byte) Bad {
	return Bad{ID: h.Get(jetstream.MsgIDHeader), Trace: h.Get(traceHeader), Reason: h.Get(reasonHeader), Source: h.Get(sourceHeader), Text: data}
}

// Quarantine puts records aside. When it returns nil all of them are in the
// quarantine, by the spool's sync policy; its oldest ones give way to them.
func (s *Spool) Quarantine(ctx context.Context, bad []Bad) error {
	for _, r := range publish(ctx, s, s.aside, bad, (*Bad).message) {
		if r.Err != nil {
			return fmt.Errorf("quarantine: %w", r.Err)
		}
	}
	return nil
}

// printable is a text as a header may have it.
func printable(s string, most int) string {
	b := make([]byte, 0, min(len(s), most))
	for _, r := range s {
		if len(b) == most {
			break
		}
		if r < ' ' || r > '~' {
			r = '?'
		}
		b = append(b, byte(r))
	}
	return string(b)
}
