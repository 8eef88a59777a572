package drivers

import (
	"fmt"
	"log/slog"
)

// Format implements [fmt.Formatter]: no verb shows the password of
// TransportURL. Within a struct fmt sees to that only if the field is exported.
func (o Options) Format(f fmt.State, verb rune) {
	type options Options // without methods
	if o.TransportURL != "" {
		o.TransportURL = Redact(o.TransportURL)
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
// passwords. There is no way back.
func (o Options) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%+v", o), nil }
