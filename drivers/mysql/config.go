package mysql

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/internal/sqlstore"
	"github.com/sonde-go/sonde/drivers/kit"
)

// configOf reads a URL. limit is how long one exchange may take: read_timeout
// and write_timeout, the longer of them, or else the option's.
func configOf(rawURL string, o drivers.Options) (c *mysql.Config, limit time.Duration, err error) {
	u, err := sqlstore.ParseURL(rawURL)
	if err != nil {
		return nil, 0, err
	}
	c = mysql.NewConfig()
	c.User, c.Passwd, c.DBName = u.User, u.Password, u.Database
	host, port := u.Host, u.Port
	if host == "" {
		host = "localhost"
	}
	if port == "" {
		port = "3306"
	}
	c.Net, c.Addr = "tcp", net.JoinHostPort(host, port)
	c.Timeout = o.ConnectTimeout
	c.InterpolateParams = true // one round trip for a statement
	c.Logger = &mysql.NopLogger{}
	// A text that is too long is an error, not cut with a warning.
	c.Params = map[string]string{"sql_mode": "CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')"}
	for name, values := range u.Query {
		if err := setOption(c, &limit, name, values[len(values)-1]); err != nil {
			return nil, 0, err
		}
	}
	if limit == 0 {
		limit = o.SocketTimeout
	}
	if c.TLS, err = tlsOf(u.Query, host); err != nil {
		return nil, 0, err
	}
	return c, limit, nil
}

func setOption(c *mysql.Config, limit *time.Duration, name, value string) (err error) {
	switch name {
	case "charset", "use_unicode":
	case "ssl_ca", "ssl_cert", "ssl_key", "ssl_check_hostname": // see tlsOf
	case "unix_socket":
		c.Net, c.Addr = "unix", value
	case "connect_timeout":
		c.Timeout, err = seconds(name, value)
	case "read_timeout", "write_timeout":
		var t time.Duration
		t, err = seconds(name, value)
		*limit = max(*limit, t)
	default:
		err = fmt.Errorf("unknown option %q", name)
	}
	return err
}

func seconds(name, value string) (time.Duration, error) {
	n, err := strconv.ParseUint(value, 10, 31)
	if err != nil {
		return 0, fmt.Errorf("option %s is not a number of seconds", name)
	}
	return time.Duration(n) * time.Second, nil
}

// tlsOf returns nil, no TLS, unless an ssl option is given.
func tlsOf(options url.Values, host string) (*tls.Config, error) {
	if !options.Has("ssl_ca") && !options.Has("ssl_cert") && !options.Has("ssl_key") {
		return nil, nil
	}
	c, err := kit.TLS(options.Get("ssl_ca"), false)
	if err != nil {
		return nil, err
	}
	c.ServerName = host
	if options.Has("ssl_cert") || options.Has("ssl_key") {
		pair, err := tls.LoadX509KeyPair(options.Get("ssl_cert"), options.Get("ssl_key"))
		if err != nil {
			return nil, err
		}
		c.Certificates = []tls.Certificate{pair}
	}
	switch options.Get("ssl_check_hostname") {
	case "", "true", "True", "1":
	case "false", "False", "0":
		c.InsecureSkipVerify = true // VerifyConnection does it, but for the name
		c.VerifyConnection = verifyChain(c.RootCAs)
	default:
		return nil, errors.New("option ssl_check_hostname is neither true nor false")
	}
	return c, nil
}

// verifyChain checks a server's certificate against roots, whatever its name.
func verifyChain(roots *x509.CertPool) func(tls.ConnectionState) error {
	return func(s tls.ConnectionState) error {
		between := x509.NewCertPool()
		for _, cert := range s.PeerCertificates[1:] {
			between.AddCert(cert)
		}
		_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between})
		return err
	}
}
