package drivers

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sonde-go/sonde/drivers/kit"
)

// URL is a store's URL, whose options have been checked against its [Scheme]. The
// value of an option comes from the URL itself, or else from [Options], or else is
// the scheme's default.
type URL struct {
	Scheme string     // as the URL has it
	Place  string     // what is between "://" and the options, as written
	Others url.Values // the options that Scheme.Others describes

	// Via is the scheme of the Location that the rest was read from, or "".
	Via string

	scheme *Scheme
	given  map[string]string // by the URL, or else by Options
}

var (
	errQuery  = errors.New("the options after ? are not of the form name=value&name=value with special characters percent-encoded")
	errEscape = errors.New(`"/", "?", "#" and "@" in a user name, password or option are written %2F, %3F, %23 and %40`)
)

// ParseURL parses the URL of a store whose driver is linked in, and checks its
// options; see [Open]. The error quotes nothing that could be part of a password.
func ParseURL(text string, o Options) (*URL, error) {
	name, rest, _ := strings.Cut(text, "://")
	scheme, err := find(name)
	if err != nil {
		return nil, err
	}
	u := &URL{Scheme: name, scheme: scheme, given: map[string]string{}, Others: url.Values{}}
	if err := u.read(rest); err != nil {
		return nil, err
	}
	if strings.Trim(u.Place, "/") == "" {
		for _, option := range scheme.Options {
			if inner := cmp.Or(u.given[option.Name], o.Params[option.Name]); option.Kind == Location && inner != "" {
				if u.Via, rest, _ = strings.Cut(inner, "://"); rest == "" {
					return nil, fmt.Errorf("option %s is not a URL", option.Name)
				}
				if err := u.read(rest); err != nil {
					return nil, err
				}
			}
		}
	}
	for name, value := range o.Params {
		if option := scheme.option(name); option == nil || value == "" || u.given[name] != "" {
			continue
		} else if err := option.Kind.Check(value); err != nil {
			return nil, fmt.Errorf("option %s %w", name, err)
		}
		u.given[name] = value
	}
	if err := u.checkTLS(); err != nil {
		return nil, err
	}
	return u, nil
}

// read parses what follows "://".
func (u *URL) read(rest string) error {
	var query string
	u.Place, query = split(rest)
	if strings.Contains(query, "#") || strings.Contains(query, "@") && !locations(query) {
		return errEscape
	}
	values := url.Values{}
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, err1 := url.QueryUnescape(name)
		plain, err2 := url.QueryUnescape(value)
		if err1 != nil || err2 != nil {
			return errQuery
		}
		if o := u.scheme.option(name); o == nil || o.Kind != Location || !strings.Contains(value, "://") {
			value = plain // a location may be written as it is
		}
		if name != "" {
			values.Add(name, value)
		}
	}
	for name, all := range values {
		err := u.set(name, all)
		if err != nil && strings.Contains(query, "@") { // of which a part may be a password
			return errEscape
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// split finds the "?" before the options. One before the first "@" is part of a
// password, as in some SQLAlchemy URLs.
func split(rest string) (place, query string) {
	place, query, _ = strings.Cut(rest, "?")
	if place == "" || strings.Contains(place, "@") || !strings.Contains(query, "@") || locations(query) {
		return place, query
	}
	at := strings.IndexByte(rest, '@')
	place, query, _ = strings.Cut(rest[at:], "?")
	return rest[:at] + place, query
}

// locations reports whether each "@" of a query is in a URL.
func locations(query string) bool {
	for pair := range strings.SplitSeq(query, "&") {
		if before, _, ok := strings.Cut(pair, "@"); ok && !strings.Contains(before, "://") {
			return false
		}
	}
	return true
}

// set sets an option of the URL.
func (u *URL) set(name string, values []string) error {
	value := values[len(values)-1]
	as := name
	if s, ok := spellings[name]; ok && u.scheme.option(name) == nil {
		as = s.name
		if translated, ok := s.values[value]; ok {
			value = translated
		} else if s.values != nil {
			return fmt.Errorf("option %s has the wrong value", name)
		}
	}
	option := u.scheme.option(as)
	switch {
	case option == nil && u.scheme.Others != "":
		u.Others[name] = values
		return nil
	case option == nil:
		return u.scheme.unknown(name)
	case len(values) > 1 || u.given[as] != "" && u.given[as] != value:
		return fmt.Errorf("option %s is given twice", name)
	case value == "":
		return nil
	}
	if err := option.Kind.Check(value); err != nil {
		return fmt.Errorf("option %s %w", name, err)
	}
	u.given[as] = value
	return nil
}

// unknown is the error for an option that the scheme does not have.
func (s *Scheme) unknown(name string) error {
	var names []string
	for _, o := range s.all() {
		names = append(names, o.Name)
	}
	if len(names) == 0 {
		return fmt.Errorf("%s:// has no options; ? in a name is written %%3F", s.Name)
	}
	return fmt.Errorf("unknown option %.40q; there are: %s", name, strings.Join(names, ", "))
}

// option finds an option by its name in a URL.
func (s *Scheme) option(name string) *Option {
	for _, options := range [][]Option{s.Options, s.Common()} {
		for i := range options {
			prefix, open := strings.CutSuffix(options[i].Name, "*")
			if options[i].Name == name || open && strings.HasPrefix(name, prefix) && len(name) > len(prefix) {
				return &options[i]
			}
		}
	}
	return nil
}

// Text returns the value of an option, or "" if it has none.
func (u *URL) Text(name string) string {
	if value, ok := u.given[name]; ok {
		return value
	}
	if option := u.scheme.option(name); option != nil {
		return option.Default
	}
	return ""
}

// Bool returns the value of an option of kind Bool.
func (u *URL) Bool(name string) bool {
	b, _ := kit.ParseBool(u.Text(name))
	return b
}

// Count returns the value of an option of kind Count, or 0 if it has none.
func (u *URL) Count(name string) int {
	n, _ := kit.ParseCount(u.Text(name))
	return n
}

// Duration returns the value of an option of kind Duration, or 0 if it has none.
func (u *URL) Duration(name string) time.Duration {
	d, _ := kit.ParseDuration(u.Text(name))
	return d
}

// Age returns the value of an option of that kind, 0 for ever.
func (u *URL) Age(name string) time.Duration {
	d, _ := kit.ParseAge(u.Text(name))
	return d
}

// Retention returns how long the store keeps a trace, 0 for ever, and the option that
// says so, "" if the scheme has none.
func (u *URL) Retention() (time.Duration, string) {
	name := u.scheme.Retention
	if name == "" {
		return 0, ""
	}
	return u.Age(name), name
}

// Given reports whether the option was set, by the URL or by [Options].
func (u *URL) Given(name string) bool { return u.given[name] != "" }

// Matching returns the options whose names begin with prefix, with the prefix cut
// off.
func (u *URL) Matching(prefix string) map[string]string {
	found := map[string]string{}
	for name, value := range u.given {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			found[rest] = value
		}
	}
	return found
}

// Servers parses Place as user:password@host:port,…/path. It returns at least one
// host, localhost by default. The path is as written, without its leading slash.
func (u *URL) Servers() (hosts []kit.Host, path string, err error) {
	authority, path, _ := strings.Cut(u.Place, "/")
	if strings.ContainsAny(path, "@?#") || strings.ContainsAny(authority, "?#") {
		return nil, "", errEscape
	}
	hosts, err = kit.ParseHosts(authority, u.scheme.Port)
	return hosts, path, err
}

// Server is Servers for a store with exactly one server.
func (u *URL) Server() (host kit.Host, path string, err error) {
	hosts, path, err := u.Servers()
	switch {
	case err != nil:
		return host, "", err
	case len(hosts) > 1:
		return host, "", errors.New("names more than one server")
	}
	return hosts[0], path, nil
}

// UsesTLS reports whether the URL asks for TLS.
func (u *URL) UsesTLS() bool {
	switch u.scheme.TLS {
	case TLSByName:
		return u.Scheme == u.scheme.Secure
	case TLSAlways:
		return true
	}
	for _, o := range u.scheme.Options {
		if slices.Contains(o.TLS, u.Text(o.Name)) {
			return true
		}
	}
	return u.Bool("tls") || !u.Given("tls") && u.optionOfTLS() != ""
}

// optionOfTLS is an option of the URL that makes no sense without TLS, or "".
func (u *URL) optionOfTLS() string {
	for _, o := range ofTLS {
		if u.Given(o.Name) {
			return o.Name
		}
	}
	return ""
}

func (u *URL) checkTLS() error {
	name := u.optionOfTLS()
	if name == "" || u.UsesTLS() {
		return nil
	}
	return fmt.Errorf("option %s belongs to TLS: use %s", name, u.scheme.askTLS())
}

// askTLS says how a URL asks for TLS; "" if it cannot or need not.
func (s *Scheme) askTLS() string {
	switch {
	case s.TLS == TLSByName && s.Secure != "":
		return s.Secure + "://"
	case s.TLS == TLSByOption || s.TLS == TLSAgreed:
		return "the option tls=true"
	}
	return ""
}

// OtherTLS says, for error messages, how the URL would ask for TLS if it does not,
// or for no TLS if it does; "" if it cannot.
func (u *URL) OtherTLS() string {
	switch ask := u.scheme.askTLS(); {
	case ask == "" || !u.UsesTLS():
		return ask
	case u.scheme.TLS == TLSByName:
		return u.scheme.Name + "://"
	}
	if u.Given("tls") {
		return "no option tls"
	}
	return "no option that asks for TLS"
}

// TLS returns the configuration that the URL asks for, or nil if it does not ask
// for TLS.
func (u *URL) TLS() (*tls.Config, error) {
	if !u.UsesTLS() {
		return nil, nil
	}
	o := kit.TLSOptions{
		CA: u.Text("tls_ca"), Cert: u.Text("tls_cert"), Key: u.Text("tls_key"),
		ServerName: u.Text("tls_server_name"), Insecure: u.Bool("insecure"),
	}
	return o.Config()
}

// AgreesOnTLS reports whether both sides speak plain text until they have agreed
// on TLS.
func (u *URL) AgreesOnTLS() bool { return u.scheme.TLS == TLSAgreed }

// Secret reports whether the URL has a secret for the servers: a password, a token
// or an option.
func (u *URL) Secret() bool {
	for name := range u.given {
		if o := u.scheme.option(name); o != nil && o.Secret {
			return true
		}
	}
	hosts, _, err := u.Servers()
	if err != nil { // of SQLAlchemy's URLs, perhaps
		user, _, ok := strings.Cut(u.Place, "@")
		return ok && strings.Contains(user, ":")
	}
	return slices.ContainsFunc(hosts, func(h kit.Host) bool {
		return h.Password != "" || u.scheme.Token && h.HasUser && !h.HasPassword
	})
}

// Addrs returns the addresses of the servers in the URL; there are none for a
// socket on this machine. It returns false for a store that is not reached over a
// network.
func (u *URL) Addrs() (addrs []string, ok bool) {
	if u.scheme.Port == "" {
		return nil, false
	}
	for _, o := range u.scheme.Options {
		if host := u.Text(o.Name); o.Kind == Host && strings.HasPrefix(host, "/") {
			return nil, true
		}
	}
	hosts, _, err := u.Servers()
	if err != nil { // of SQLAlchemy's URLs, perhaps
		authority, _, _ := strings.Cut(u.Place[strings.LastIndexByte(u.Place, '@')+1:], "/")
		if hosts, err = kit.ParseHosts(authority, u.scheme.Port); err != nil {
			return nil, true
		}
	}
	for _, h := range hosts {
		addrs = append(addrs, h.Addr)
	}
	return addrs, true
}
