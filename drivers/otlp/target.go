package otlp

import (
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
)

// target is what a URL says.
type target struct {
	grpc    bool
	host    string // host:port
	path    string // of HTTP
	headers map[string]string
	tls     *tls.Config // nil: none
	query   *url.URL    // of Jaeger
	prefix  string      // of service.name
}

const tracesPath = "/v1/traces"

// targetOf parses a URL. Its errors quote no part that may be a secret.
func targetOf(u *drivers.URL) (*target, error) {
	h, path, err := u.Server()
	if err != nil {
		return nil, err
	}
	name, port, _ := net.SplitHostPort(h.Addr)
	if u.Scheme == "jaeger" && port == "6831" {
		return nil, errors.New("port 6831 is that of Jaeger's own protocol, which newer releases lack; want its OTLP port, such as jaeger://host:4318")
	}
	t := &target{host: h.Addr, headers: map[string]string{}, prefix: u.Text("service_name_prefix")}
	t.grpc = strings.HasPrefix(u.Scheme, "otlp+grpc")
	if path = strings.TrimSuffix(path, "/"); path != "" {
		path = "/" + path
	}
	if t.grpc && path != "" {
		return nil, errors.New("OTLP over gRPC has no path")
	}
	t.path = strings.TrimSuffix(path, tracesPath) + tracesPath
	if err := t.environment(os.Getenv("OTEL_EXPORTER_OTLP_HEADERS")); err != nil {
		return nil, err
	}
	if h.HasUser {
		t.headers["authorization"] = "Basic " + base64.StdEncoding.EncodeToString([]byte(h.User+":"+h.Password))
	}
	for name, value := range u.Matching("header.") {
		if err := t.header(name, value); err != nil {
			return nil, err
		}
	}
	t.query = &url.URL{Scheme: "http", Host: net.JoinHostPort(name, "16686")}
	if text := u.Text("query"); text != "" {
		t.query, err = url.Parse(text)
		if err != nil || t.query.Host == "" || t.query.Scheme != "http" && t.query.Scheme != "https" {
			return nil, errors.New("query is not a URL such as http://host:16686")
		}
	}
	t.tls, err = u.TLS()
	return t, err
}

// environment parses OTEL_EXPORTER_OTLP_HEADERS: name=value,name=value with
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
	if t.grpc {
		return t.dialGRPC(o.ConnectTimeout)
	}
	return t.dialHTTP(o.ConnectTimeout), nil
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

// oneLine makes one line that can be shown of a server's text.
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
