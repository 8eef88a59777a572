package drivers

import (
	"fmt"
	"log/slog"
	"maps"
	"strings"
)

// Format implements [fmt.Formatter]: no verb shows a password in Params. For
// Options within a struct, fmt calls it only if the field is exported.
func (o Options) Format(f fmt.State, verb rune) {
	type options Options // without methods
	o.Params = maps.Clone(o.Params)
	for name, value := range o.Params {
		switch {
		case strings.Contains(value, "://"):
			o.Params[name] = Redact(value)
		case speaksOfSecret(name):
			o.Params[name] = masked
		}
	}
	format := "%+v"
	if verb == 'v' {
		format = fmt.FormatString(f, verb)
	}
	fmt.Fprintf(f, format, options(o))
}

// LogValue implements [slog.LogValuer], without passwords.
func (o Options) LogValue() slog.Value { return slog.StringValue(fmt.Sprintf("%+v", o)) }

// MarshalText implements [encoding.TextMarshaler] for logs in JSON, without
// passwords. The text cannot be parsed again.
func (o Options) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%+v", o), nil }
