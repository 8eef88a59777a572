package kit

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
)

// TLSOptions are what URLs can say about TLS. The zero value trusts the system's
// authorities.
type TLSOptions struct {
	CA         string // PEM file of the authorities to trust in place of the system's
	Cert, Key  string // PEM files of the client's own certificate; both or none
	ServerName string // in the server's certificate; the host's name if ""
	Insecure   bool   // accepts any certificate
}

// Config returns the configuration of a client that requires TLS 1.2 or later. It
// fails if a file cannot be read or has no certificate or key.
func (o *TLSOptions) Config() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: o.ServerName, InsecureSkipVerify: o.Insecure}
	if o.CA != "" {
		pem, err := os.ReadFile(o.CA)
		if err != nil {
			return nil, fmt.Errorf("tls_ca: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("tls_ca: %s holds no certificate", o.CA)
		}
	}
	if o.Cert != "" || o.Key != "" {
		pair, err := tls.LoadX509KeyPair(o.Cert, o.Key)
		if err != nil {
			return nil, fmt.Errorf("tls_cert and tls_key: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}
