package otlp

import (
	"cmp"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"unicode"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/kit"
)

// target is what a URL says.
type target struct {
	scheme  string
	tls     bool
	grpc    bool
	host    string // host:port
	name    string // the host
	path    string // of HTTP
	headers map[string]string
	caFile  string
	query   *url.URL // of Jaeger
}

const tracesPath = "/v1/traces"

// parse reads a URL. Its errors quote no part that may be a secret.
func parse(rawURL string) (*target, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, errors.New("the URL cannot be read; are its user name and password percent-encoded?")
	}
	t := &target{scheme: u.Scheme, name: u.Hostname(), headers: map[string]string{}}
	t.grpc = strings.HasPrefix(u.Scheme, "otlp+grpc")
	t.tls = strings.HasSuffix(u.Scheme, "s") // +https, +grpcs
	port := "4318"
	if t.grpc {
		port = "4317"
	}
	if t.name == "" {
		return nil, fmt.Errorf("no host; want %s://host:%s", u.Scheme, port)
	}
	if u.Scheme == "jaeger" && u.Port() == "6831" {
		return nil, errors.New("port 6831 is that of Jaeger's own protocol, which newer releases lack; want its OTLP port, such as jaeger://host:4318")
	}
	t.host = net.JoinHostPort(t.name, cmp.Or(u.Port(), port))
	path := strings.TrimSuffix(u.EscapedPath(), "/")
	if t.grpc && path != "" {
		return nil, errors.New("OTLP over gRPC has no path")
	}
	t.path = strings.TrimSuffix(path, tracesPath) + tracesPath
	if err := t.environment(os.Getenv("OTEL_EXPORTER_OTLP_HEADERS")); err != nil {
		return nil, err
	}
	if u.User != nil {
		password, _ := u.User.Password()
		text := u.User.Username() + ":" + password
		t.headers["authorization"] = "Basic " + base64.StdEncoding.EncodeToString([]byte(text))
	}
	return t, t.options(u.RawQuery)
}

func (t *target) options(rawQuery string) error {
	q, err := url.ParseQuery(rawQuery)
	if err != nil {
		return errors.New("the URL's options cannot be read; are their values percent-encoded?")
	}
	for name := range q {
		value := q.Get(name)
		header, isHeader := strings.CutPrefix(name, "header.")
		switch {
		case isHeader:
			if err := t.header(header, value); err != nil {
				return err
			}
		case name == "ssl_ca_certs" && t.tls:
			t.caFile = value
		case name == "ssl_ca_certs":
			return errors.New("ssl_ca_certs is for otlp+https:// and otlp+grpcs://")
		case name == "query" && t.scheme == "jaeger":
			u, err := url.Parse(value)
			if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
				return errors.New("query is not a URL such as http://host:16686")
			}
			t.query = u
		default:
			return fmt.Errorf("unknown option %.40q", name)
		}
	}
	if t.query == nil {
		t.query = &url.URL{Scheme: "http", Host: net.JoinHostPort(t.name, "16686")}
	}
	return nil
}

// environment reads OTEL_EXPORTER_OTLP_HEADERS: name=value,name=value with
// percent-encoded values.
// https://opentelemetry.io/docs/specs/otel/protocol/exporter/#specifying-headers-via-environment-variables
func (t *target) environment(list string) error {
	for pair := range strings.SplitSeq(list, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if !ok || err != nil {
			return errors.New("OTEL_EXPORTER_OTLP_HEADERS is not of the form name=value,name=value")
		}
		if err := t.header(strings.TrimSpace(name), value); err != nil {
			return fmt.Errorf("OTEL_EXPORTER_OTLP_HEADERS: %w", err)
		}
	}
	return nil
}

func (t *target) header(name, value string) error {
	for _, r := range name {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.", r)) {
			return fmt.Errorf("%.40q is not the name of a header", name)
		}
	}
	if name == "" || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
		return fmt.Errorf("the header %.40q cannot be sent", name)
	}
	t.headers[strings.ToLower(name)] = value
	return nil
}

func (t *target) dial(o drivers.Options) (transport, error) {
	config, err := t.tlsConfig()
	if err != nil {
		return nil, err
	}
	if t.grpc {
		return t.dialGRPC(config, o.ConnectTimeout)
	}
	return t.dialHTTP(config, o.ConnectTimeout), nil
}

// tlsConfig is nil without TLS.
func (t *target) tlsConfig() (*tls.Config, error) {
	if !t.tls {
		return nil, nil
	}
	c, err := kit.TLS(t.caFile, false)
	if err != nil {
		return nil, fmt.Errorf("ssl_ca_certs: %w", err)
	}
	return c, nil
}

// hide removes the values of the headers from a text that a server made.
func (t *target) hide(s string) string {
	for _, value := range t.headers {
		if value == "" {
			continue
		}
		s = strings.ReplaceAll(s, value, "***")
		if _, credentials, ok := strings.Cut(value, " "); ok && credentials != "" {
			s = strings.ReplaceAll(s, credentials, "***")
		}
	}
	return oneLine(s)
}

// oneLine makes what can be shown of a text that a server made.
func oneLine(s string) string {
	const most = 300
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.TrimSpace(s))
}
