package drivers

import (
	"cmp"
	"context"
	"slices"

	"github.com/sonde-go/sonde/drivers/driver"
	"github.com/sonde-go/sonde/drivers/kit"
)

// Scheme describes the URLs of a kind of store. [Open] checks a URL against it,
// and the command prints it.
type Scheme struct {
	// Name is the scheme, the part before "://". Secure is the scheme for the same
	// store over TLS, or "" if there is none. Aliases mean the same as Name.
	Name, Secure string
	Aliases      []string

	// Doc says in one line what the store is, Example is a URL, and Import is
	// the path of the package that registers the scheme.
	Doc, Example, Import string

	// Port is the default port of the store's servers; "" if the store is not
	// reached over a network.
	Port string

	// Token says that a user without a password is a token, and so a secret.
	Token bool

	// TLS says when connections use TLS. If they can, the options tls_ca,
	// tls_cert, tls_key, tls_server_name and insecure are known.
	TLS TLSUse

	// Options are the scheme's own options, besides those of [Scheme.Common].
	Options []Option

	// Retention is the option that says how long a trace is kept, "" if there is
	// none: its Kind is Duration or Age.
	Retention string

	// Others, if not "", describes further options, such as "those of libpq".
	// They are in [URL.Others], and the driver checks them.
	Others string

	// Open makes a driver. Its error, which [Open] returns as an [*Error], must
	// not quote any part of the URL that may be a secret.
	Open Opener
}

// Opener makes a driver for a URL of its scheme. The defaults of o are filled in,
// and the URL's own options have been applied to it.
type Opener func(ctx context.Context, u *URL, o Options) (driver.Driver, error)

// TLSUse says when connections use TLS.
type TLSUse int

// By the name of the scheme is the zero value: never, if there is no
// Scheme.Secure.
const (
	TLSByName   TLSUse = iota
	TLSByOption        // with tls=true, or with an option that needs it
	TLSAgreed          // as TLSByOption, but both sides speak plain text until they have agreed on it
	TLSAlways
)

// Option is a parameter of a URL: "?name=value&…".
type Option struct {
	// Name may end in "*": "header.*" stands for every name that begins with
	// "header.".
	Name    string
	Kind    Kind
	Default string // "" if there is none
	Doc     string // one line
	Secret  bool   // its value is never shown

	// TLS are the values with which the option asks for TLS, if it can.
	TLS []string
}

// Kind is the type of an option's values.
type Kind int

// The kinds of values.
const (
	Text     Kind = iota
	Bool          // true or false
	Count         // a whole number above 0
	Duration      // such as 90s, 72h or 30d, or a number of seconds
	Age           // as Duration, or 0 for ever
	Location      // a URL, used if the store's URL has nothing before its options
	Host          // a host in place of the URL's, or the path of a socket on this machine
)

// String returns the kind's name, for lists of options.
func (k Kind) String() string {
	return [...]string{"text", "bool", "count", "duration", "age", "URL", "host"}[k]
}

// Check returns an error if value is not one of the kind. Its text continues a
// sentence that begins with the option's name.
func (k Kind) Check(value string) (err error) {
	switch k {
	case Bool:
		_, err = kit.ParseBool(value)
	case Count:
		_, err = kit.ParseCount(value)
	case Duration:
		_, err = kit.ParseDuration(value)
	case Age:
		_, err = kit.ParseAge(value)
	}
	return err
}

// The options that schemes share.
var (
	ofNetwork = []Option{
		{Name: "connect_timeout", Kind: Duration, Default: "5s", Doc: "how long making a connection may take"},
		{Name: "socket_timeout", Kind: Duration, Default: "10s", Doc: "how long one exchange with the server may take without an answer"},
	}
	ofTLS = []Option{
		{Name: "tls_ca", Doc: "PEM file of the authorities to trust, in place of the system's"},
		{Name: "tls_cert", Doc: "PEM file of the client's own certificate"},
		{Name: "tls_key", Doc: "PEM file of that certificate's key"},
		{Name: "tls_server_name", Doc: "the name in the server's certificate, if it is not the host's"},
		{Name: "insecure", Kind: Bool, Default: "false", Doc: "accept any certificate of the server: anyone in between can read everything"},
	}
	ofChoice = []Option{
		{Name: "tls", Kind: Bool, Default: "false", Doc: "use TLS, as the options tls_… also do"},
	}
)

// spellings are the names of shared options in OSProfiler, SQLAlchemy and
// oslo.messaging.
var spellings = map[string]struct {
	name   string
	values map[string]string // nil: the same
}{
	"ssl":           {name: "tls"},
	"ssl_ca":        {name: "tls_ca"},
	"ssl_ca_certs":  {name: "tls_ca"},
	"ssl_ca_file":   {name: "tls_ca"},
	"ssl_cert":      {name: "tls_cert"},
	"ssl_key":       {name: "tls_key"},
	"ssl_cert_reqs": {name: "insecure", values: map[string]string{"none": "true", "required": "false"}},
}

// Common returns the options that the scheme shares with others.
func (s *Scheme) Common() []Option {
	var common []Option
	if s.Port != "" {
		common = append(common, ofNetwork...)
	}
	if s.TLS == TLSByOption || s.TLS == TLSAgreed {
		common = append(common, ofChoice...)
	}
	if s.TLS != TLSByName || s.Secure != "" {
		common = append(common, ofTLS...)
	}
	return common
}

// all are the scheme's own options, then the shared ones.
func (s *Scheme) all() []Option {
	all := append(slices.Clone(s.Options), s.Common()...)
	slices.SortStableFunc(all, func(a, b Option) int { return cmp.Compare(a.Name, b.Name) })
	return slices.CompactFunc(all, func(a, b Option) bool { return a.Name == b.Name })
}

// names are all names of the scheme.
func (s *Scheme) names() []string {
	names := append([]string{s.Name}, s.Aliases...)
	if s.Secure != "" {
		names = append(names, s.Secure)
	}
	return names
}
