package mysql

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"net"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/internal/sqlstore"
)

// configOf parses a URL. limit is how long one exchange may take: the longer of
// read_timeout and write_timeout, or else socket_timeout.
func configOf(u *drivers.URL, o drivers.Options) (c *mysql.Config, limit time.Duration, err error) {
	p, err := sqlstore.Parse(u.Place)
	if err != nil {
		return nil, 0, err
	}
	c = mysql.NewConfig()
	c.User, c.Passwd, c.DBName = p.User, p.Password, p.Database
	host := cmp.Or(p.Host, "localhost")
	c.Net, c.Addr = "tcp", net.JoinHostPort(host, cmp.Or(p.Port, "3306"))
	if socket := u.Text("unix_socket"); socket != "" {
		c.Net, c.Addr = "unix", socket
	}
	c.Timeout = o.ConnectTimeout
	c.InterpolateParams = true // one round trip for a statement
	c.Logger = &mysql.NopLogger{}
	// A text that is too long is an error, not cut with a warning.
	c.Params = map[string]string{"sql_mode": "CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')"}
	if c.TLS, err = tlsOf(u, host); err != nil {
		return nil, 0, err
	}
	return c, cmp.Or(max(u.Duration("read_timeout"), u.Duration("write_timeout")), o.SocketTimeout), nil
}

// tlsOf returns nil, no TLS, unless the URL asks for it.
func tlsOf(u *drivers.URL, host string) (*tls.Config, error) {
	c, err := u.TLS()
	if c == nil {
		return nil, err
	}
	c.ServerName = cmp.Or(c.ServerName, host)
	if !c.InsecureSkipVerify && !u.Bool("ssl_check_hostname") {
		c.InsecureSkipVerify = true // VerifyConnection does it, but for the name
		c.VerifyConnection = verifyChain(c.RootCAs)
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
