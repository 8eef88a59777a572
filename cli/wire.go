package cli

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"time"

	"github.com/sonde-go/sonde/drivers"
)

// wire is what the URL of a store says of the way to its servers.
type wire struct {
	addrs  []string // host:port
	secret bool     // a password, a token or a header for the servers is in the URL
	tls    bool
	other  string // how a URL asks for the opposite of tls; "" if it cannot
	agreed bool   // both speak plain until they have agreed on TLS, so no port is wrong
}

// wireOf reads a URL. It reports false for one that its driver would not take,
// and for a store that is not reached over a network.
func wireOf(text string, o drivers.Options) (w wire, ok bool) {
	u, err := drivers.ParseURL(text, o)
	if err != nil {
		return w, false
	}
	addrs, ok := u.Addrs()
	return wire{addrs: addrs, secret: u.Secret(), tls: u.UsesTLS(), other: u.OtherTLS(), agreed: u.AgreesOnTLS()}, ok
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
		switch speaks := probe(ctx, addr); {
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
	greets // as NATS does: in plain, and says whether it wants TLS
)

// probeTimeout bounds each connection of a probe.
const probeTimeout = 3 * time.Second

// probe finds out whether a server speaks TLS, whatever its kind. It verifies nothing and sends
// nothing of worth.
func probe(ctx context.Context, addr string) speech {
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
	switch s := talk(func(conn net.Conn) speech { return handshake(ctx, conn) }); s {
	case speaksUnknown:
	case greets:
		return talk(natsGreeting)
	default:
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
	case errors.As(err, &noTLS) && string(noTLS.RecordHeader[:]) == "INFO ":
		return greets
	case errors.As(err, &noTLS):
		return speaksPlain
	case errors.As(err, &alert) && alert.Op == "remote error": // an alert, which only TLS has
		return speaksTLS
	}
	return speaksUnknown
}
