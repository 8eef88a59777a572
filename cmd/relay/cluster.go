package relay

import (
	"crypto/tls"
	"fmt"

	"github.com/sonde-go/sonde/cli"
)

// clusterFlags say where the site's NATS cluster is, for commands that only use it.
type clusterFlags struct {
	Jetstream            cli.Secret `help:"URL of the site's NATS cluster, such as nats://nats.example:4222, or several with commas; or env:NAME or @FILE." placeholder:"URL"`
	JetstreamCredentials string     `help:"File with the user of the cluster: a JWT and its key." placeholder:"FILE" type:"path"`
	JetstreamCA          string     `name:"jetstream-ca" help:"Speak TLS to the cluster, whose certificate is of this authority." placeholder:"FILE" type:"path"`
	JetstreamCert        string     `name:"jetstream-cert" help:"Certificate to show to the cluster." placeholder:"FILE" type:"path"`
	JetstreamKey         string     `name:"jetstream-key" help:"Its key." placeholder:"FILE" type:"path"`
}

// tls is how the cluster is spoken to, nil for as its URL says.
func (f *clusterFlags) tls() (*tls.Config, error) {
	if f.JetstreamCA == "" && f.JetstreamCert == "" && f.JetstreamKey == "" {
		return nil, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if f.JetstreamCA != "" {
		pool, err := authority(f.JetstreamCA)
		if err != nil {
			return nil, fmt.Errorf("--jetstream-ca: %w", err)
		}
		config.RootCAs = pool
	}
	if f.JetstreamCert != "" || f.JetstreamKey != "" {
		cert, err := tls.LoadX509KeyPair(f.JetstreamCert, f.JetstreamKey)
		if err != nil {
			return nil, fmt.Errorf("--jetstream-cert and --jetstream-key: %w", err)
		}
		config.Certificates = []tls.Certificate{cert}
	}
	return config, nil
}
