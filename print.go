package sonde

import (
	"fmt"
	"log/slog"

	"github.com/sonde-go/sonde/drivers"
)

const redacted = "***"

// Format implements [fmt.Formatter]: no verb shows a key or a password. Within
// a struct fmt sees to that only if the field is exported.
func (c Config) Format(f fmt.State, verb rune) {
	type config Config // without methods
	if c.HMACKeys != "" {
		c.HMACKeys = redacted
	}
	if c.ConnectionString != "" {
		c.ConnectionString = drivers.Redact(c.ConnectionString)
	}
	more := make([]string, len(c.MoreConnectionStrings))
	for i, url := range c.MoreConnectionStrings {
		more[i] = drivers.Redact(url)
	}
	c.MoreConnectionStrings = more
	format := "%+v"
	if verb == 'v' {
		format = fmt.FormatString(f, verb)
	}
	fmt.Fprintf(f, format, config(c))
}

// LogValue implements [slog.LogValuer], without keys and passwords.
func (c Config) LogValue() slog.Value { return slog.StringValue(fmt.Sprintf("%+v", c)) }

// MarshalText implements [encoding.TextMarshaler] for logs in JSON, without
// keys and passwords. There is no way back.
func (c Config) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%+v", c), nil }
