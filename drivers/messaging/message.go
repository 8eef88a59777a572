package messaging

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/record"
)

const contentType = "application/json"

// appendMessage appends the body of the notification that oslo.messaging's
// driver "messaging" sends (its format 1, without an envelope). The ids of the
// message are made from what identifies the record, so that a reader drops one
// that was sent twice.
func appendMessage(b []byte, e *record.Event, now time.Time) []byte {
	var text [160]byte
	sum := sha256.Sum256(append(append(e.Point().Append(text[:0]), ' '), e.RecordName()...))
	var id [36]byte
	formatUUID(&id, sum[:16])
	b = append(append(b, `{"message_id":"`...), id[:]...)
	b = jsontext.AppendString(append(b, `","publisher_id":`...), e.Host())
	b = jsontext.AppendEscaped(append(b, `,"event_type":"profiler.`...), e.Service())
	b = e.AppendJSON(append(b, `","priority":"INFO","payload":`...))
	b = now.UTC().AppendFormat(append(b, `,"timestamp":"`...), "2006-01-02 15:04:05.000000")
	b = hex.AppendEncode(append(b, `","_unique_id":"`...), sum[16:])
	return append(b, `"}`...)
}

// formatUUID makes a UUID of 16 bytes, of version 8: "custom", RFC 9562.
func formatUUID(dst *[36]byte, b []byte) {
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	to := dst[:0]
	for i, n := range []int{4, 2, 2, 2, 6} {
		if i > 0 {
			to = append(to, '-')
		}
		to = hex.AppendEncode(to, b[:n])
		b = b[n:]
	}
}

// notification is what a reader needs of a message.
type notification struct {
	payload  []byte
	uniqueID string
}

var errNotification = errors.New("not a notification in JSON")

// parseMessage reads a message as oslo.messaging's listener does, with or
// without the envelope of its format 2. It is not ok for a message that is no
// notification of the priority INFO, which the listener ignores too. An error
// is a [*record.BadRecordError].
func parseMessage(m *amqp.Delivery) (n notification, ok bool, err error) {
	if m.ContentType != contentType {
		return n, false, nil
	}
	body := m.Body
	if envelope, ok := jsontext.Member(body, "oslo.message"); ok && envelope[0] == '"' {
		body = jsontext.AppendUnquoted(nil, envelope)
	}
	var priority string
	valid := jsontext.Members(body, func(key, value []byte) bool {
		switch {
		case jsontext.KeyIs(key, "payload"):
			n.payload = value
		case jsontext.KeyIs(key, "priority"):
			priority, _ = jsontext.Text(value)
		case jsontext.KeyIs(key, "_unique_id"):
			n.uniqueID, _ = jsontext.Text(value)
		}
		return true
	})
	if !valid {
		return n, false, &record.BadRecordError{Raw: m.Body, Err: errNotification}
	}
	return n, n.payload != nil && strings.EqualFold(priority, "info"), nil
}

// parseRecord reads the record in a message. It is not ok for a message that
// has none; an error is a [*record.BadRecordError].
func parseRecord(p *record.Parser, m *amqp.Delivery) (r record.Record, uniqueID string, ok bool, err error) {
	n, ok, err := parseMessage(m)
	if err != nil || !ok {
		return r, "", false, err
	}
	r, err = p.Parse(n.payload)
	return r, n.uniqueID, err == nil, err
}
