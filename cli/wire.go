package cli

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
)

// wire is what the URL of a store says of the way to its servers.
type wire struct {
	addrs  []string // host:port
	secret bool     // a password, a token or a header for the servers is in the URL
	tls    bool
	other  string // how a URL asks for the opposite of tls; "" if it cannot
	nats   bool   // the server speaks first, in plain, and says whether it wants TLS
	agreed bool   // both speak plain until they have agreed on TLS, so no port is wrong
}

// schemeWire has the schemes of stores that are reached over a network.
var schemeWire = map[string]struct {
	port  string
	tls   bool
	other string
}{
	"redis":               {"6379", false, "rediss://"},
	"rediss":              {"6379", true, "redis://"},
	"redis+cluster":       {"6379", false, "rediss+cluster://"},
	"rediss+cluster":      {"6379", true, "redis+cluster://"},
	"redissentinel":       {"26379", false, ""},
	"elasticsearch":       {"9200", false, "elasticsearch+https://"},
	"elasticsearch+https": {"9200", true, "elasticsearch://"},
	"otlp":                {"4318", false, "otlp+https://"},
	"otlp+https":          {"4318", true, "otlp://"},
	"otlp+grpc":           {"4317", false, "otlp+grpcs://"},
	"otlp+grpcs":          {"4317", true, "otlp+grpc://"},
	"jaeger":              {"4318", false, ""},
	"nats":                {"4222", false, "nats+tls://"},
	"nats+tls":            {"4222", true, "nats://"},
	"loginsight":          {"9543", true, ""},
	"mongodb":             {"27017", false, "the option tls=true"},
	"messaging":           {"5672", false, "the option ssl=1"},
	"mysql":               {"3306", false, "the option ssl_ca"},
	"postgresql":          {"5432", false, "the option sslmode=verify-full"},
}

// wireOf reads a URL that its driver has taken, and the broker's for
// messaging://. It reports false for a store in a file or in this process.
func wireOf(rawURL, transportURL string) (w wire, ok bool) {
	scheme, rest, _ := strings.Cut(rawURL, "://")
	if scheme == "messaging" {
		place, query, _ := strings.Cut(rest, "?")
		if strings.Trim(place, "/") == "" {
			if inner, ok := strings.CutPrefix(query, "transport_url="); ok {
				if transportURL = inner; !strings.Contains(inner, "://") {
					transportURL, _ = url.QueryUnescape(inner)
				}
			}
			_, rest, _ = strings.Cut(transportURL, "://")
		}
	}
	known, ok := schemeWire[scheme]
	if !ok {
		if scheme, _, _ = strings.Cut(scheme, "+"); scheme != "mysql" && scheme != "postgresql" {
			return w, false
		}
		known = schemeWire[scheme]
	}
	w.tls, w.other, w.nats = known.tls, known.other, strings.HasPrefix(scheme, "nats")
	w.agreed = scheme == "mysql" || scheme == "postgresql"
	rest, _, _ = strings.Cut(rest, "#")
	rest, query, _ := strings.Cut(rest, "?")
	authority, _, _ := strings.Cut(rest, "/")
	options, _ := url.ParseQuery(query)
	w.options(scheme, options)
	if options.Has("unix_socket") || strings.HasPrefix(options.Get("host"), "/") {
		return w, true
	}
	for part := range strings.SplitSeq(authority, ",") {
		if at := strings.LastIndexByte(part, '@'); at >= 0 {
			_, password, two := strings.Cut(part[:at], ":")
			w.secret = w.secret || password != "" || w.nats && !two
			part = part[at+1:]
		}
		w.addrs = append(w.addrs, withPort(part, known.port))
	}
	return w, true
}

// options reads those that decide about TLS, and those that are secrets.
func (w *wire) options(scheme string, options url.Values) {
	is := func(name string, values ...string) bool {
		return slices.Contains(values, strings.ToLower(options.Get(name)))
	}
	on := []string{"1", "true", "yes", "on"}
	switch scheme {
	case "mongodb":
		if w.tls = is("tls", on...) || is("ssl", on...); w.tls {
			w.other = "no option tls"
		}
	case "messaging":
		if w.tls = is("ssl", on...); w.tls {
			w.other = "no option ssl"
		}
	case "mysql":
		w.tls = options.Has("ssl_ca") || options.Has("ssl_cert")
	case "postgresql":
		w.tls = is("sslmode", "require", "verify-ca", "verify-full")
	}
	for name := range options {
		w.secret = w.secret || strings.HasPrefix(name, "header.")
	}
}

func withPort(host, port string) string {
	if host == "" {
		host = "localhost"
	}
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), port)
}

// leaves reports whether a connection leaves this machine.
func (w *wire) leaves() bool {
	return slices.ContainsFunc(w.addrs, func(addr string) bool {
		host, _, _ := net.SplitHostPort(addr)
		ip := net.ParseIP(host)
		return host != "localhost" && (ip == nil || !ip.IsLoopback())
	})
}

// hint says that a server speaks TLS where the URL says that it does not, or
// the other way round; "" if neither is certain.
func (w *wire) hint(ctx context.Context) string {
	if w.agreed || w.other == "" {
		return ""
	}
	for _, addr := range w.addrs {
		switch speaks := probe(ctx, addr, w.nats); {
		case speaks == speaksTLS && !w.tls:
			return addr + " speaks TLS and the URL says that it does not; want " + w.other
		case speaks == speaksPlain && w.tls:
			return addr + " does not speak TLS and the URL says that it does; want " + w.other
		}
	}
	return ""
}

type speech int

const (
	speaksUnknown speech = iota
	speaksTLS
	speaksPlain
)

// probeTimeout bounds each of the two connections of a probe.
const probeTimeout = 3 * time.Second

// probe finds out whether a server speaks TLS. It verifies nothing and sends
// nothing of worth.
func probe(ctx context.Context, addr string, nats bool) speech {
	talk := func(do func(net.Conn) speech) speech {
		ctx, cancel := context.WithTimeout(ctx, probeTimeout)
		defer cancel()
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
		if err != nil {
			return speaksUnknown
		}
		defer conn.Close()
		deadline, _ := ctx.Deadline()
		_ = conn.SetDeadline(deadline)
		defer context.AfterFunc(ctx, func() { conn.Close() })()
		return do(conn)
	}
	if nats {
		if s := talk(natsGreeting); s != speaksUnknown {
			return s
		}
	}
	if s := talk(func(conn net.Conn) speech { return handshake(ctx, conn) }); s != speaksUnknown {
		return s
	}
	return talk(func(conn net.Conn) speech {
		// A line that Redis, and many a text protocol, answers.
		if _, err := conn.Write([]byte("PING\r\n")); err != nil {
			return speaksUnknown
		}
		first := make([]byte, 1)
		if _, err := conn.Read(first); err == nil && (first[0] == '+' || first[0] == '-') {
			return speaksPlain
		}
		return speaksUnknown
	})
}

func natsGreeting(conn net.Conn) speech {
	line, err := bufio.NewReader(conn).ReadBytes('\n')
	switch {
	case err != nil || !bytes.HasPrefix(line, []byte("INFO ")):
		return speaksUnknown
	case bytes.Contains(line, []byte(`"tls_required":true`)) || bytes.Contains(line, []byte(`"tls_available":true`)):
		return speaksTLS
	}
	return speaksPlain
}

func handshake(ctx context.Context, conn net.Conn) speech {
	err := tls.Client(conn, &tls.Config{InsecureSkipVerify: true}).HandshakeContext(ctx)
	var noTLS tls.RecordHeaderError
	var alert *net.OpError
	switch {
	case err == nil:
		return speaksTLS
	case errors.As(err, &noTLS):
		return speaksPlain
	case errors.As(err, &alert) && alert.Op == "remote error": // an alert, which only TLS has
		return speaksTLS
	}
	return speaksUnknown
}
