package relay

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/activation"

	"github.com/sonde-go/sonde/cli"
	"github.com/sonde-go/sonde/internal/terminal"
	"github.com/sonde-go/sonde/relay/agent"
)

// agentCommand is "sonde agent", which is also "sonde agent run".
type agentCommand struct {
	Serve  agentRun    `cmd:"" name:"run" default:"withargs" help:"Run the agent until it is told to stop. This is what sonde agent does."`
	Status agentStatus `cmd:"" help:"Say how a running agent does."`
}

// agentHelp teaches the command.
func (*agentCommand) Help() string {
	return `Programs send their records to the agent (connection string agent:///run/sonde/agent.sock, or an
HTTP POST of JSON lines to /v1/events) and go on. What the agent has answered is on the disk, and
goes from there to the store, however long that is away. Its flags: sonde agent run --help.

Examples:

  sonde agent --listen unix:///run/sonde/agent.sock --data-dir /var/lib/sonde \
      --store redis://redis.example:6379/0
  curl --unix-socket /run/sonde/agent.sock --data-binary @records.jsonl http://agent/v1/events
  sonde agent status`
}

// DefaultSocket is where agents listen and clients look for them.
const DefaultSocket = agent.DefaultSocket

type agentRun struct {
	Listen      []string `help:"Where to listen: unix:///path or tcp://127.0.0.1:PORT; may be repeated. Default: systemd's sockets, or else unix:///run/sonde/agent.sock." placeholder:"ADDRESS" sep:"none"`
	SocketMode  string   `help:"Mode of unix sockets; ${default}." default:"0660" placeholder:"MODE"`
	SocketGroup string   `help:"Group of unix sockets: whose members may send." placeholder:"GROUP"`

	TLSCert     string     `name:"tls-cert" help:"Certificate for TCP addresses that other machines reach." placeholder:"FILE" type:"path"`
	TLSKey      string     `name:"tls-key" help:"Its key." placeholder:"FILE" type:"path"`
	TLSClientCA string     `name:"tls-client-ca" help:"Senders over TCP must show a certificate of this authority." placeholder:"FILE" type:"path"`
	Token       cli.Secret `help:"Senders over TCP must show this token; better env:NAME or @FILE." placeholder:"TOKEN"`

	DataDir  string `help:"Folder of the spool on this machine's disk. Default: systemd's StateDirectory." placeholder:"DIR" env:"STATE_DIRECTORY"`
	Sync     string `help:"When the spool syncs: always (before each answer), or every so often, such as 100ms: a machine that loses its power loses that much; ${default}." default:"always" placeholder:"always|INTERVAL"`
	MaxBytes string `help:"How large the spool may become; senders are refused when it is full; ${default}." default:"1GiB" placeholder:"SIZE"`

	Store []cli.Secret `help:"URL of a store to take the records to, or env:NAME or @FILE; may be repeated." placeholder:"URL" sep:"none"`

	clusterFlags
	Replicas int `help:"With --jetstream, which then is the spool instead of the data folder and from where collectors take the records: on how many servers of the cluster the spool is kept, if it is not there yet; ${default}." default:"3" placeholder:"N"`

	StopTimeout time.Duration `help:"How long to take what is in the spool to the stores after SIGTERM; what is left stays for the next start; ${default}." default:"10s" placeholder:"DURATION"`
	LogFormat   string        `help:"Form of the log on standard error: text or json; ${default}." default:"text" enum:"text,json"`
}

// Run is called by the command line.
func (c *agentRun) Run(ctx context.Context) error { return c.run(ctx, os.Stdout, os.Stderr) }

func (c *agentRun) run(ctx context.Context, out, logs io.Writer) error {
	collectAsUsual()
	config, err := c.config(logs)
	if err != nil {
		return err
	}
	if config.Stores, err = openStores(ctx, c.Store, config.Log); err != nil {
		return err
	}
	defer func() { _ = closeStores(config.Stores) }()
	starting, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	a, err := agent.New(starting, *config)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, c.begins(a, config))
	givePagesBack()
	return a.Run(ctx)
}

// begins is the first line: where it listens, where it keeps and where it takes to.
func (c *agentRun) begins(a *agent.Agent, config *agent.Config) string {
	to := "collectors take them from there"
	if len(config.Stores) > 0 {
		to = "takes them to " + named(config.Stores)
	}
	return terminal.Clean(fmt.Sprintf("sonde agent: listens on %s, keeps records in %s (sync %s), %s", strings.Join(a.Addresses(), " and "), a.Spool(), a.Sync(), to))
}

// config is what the flags say.
func (c *agentRun) config(logs io.Writer) (*agent.Config, error) {
	config := &agent.Config{
		Listen: c.Listen, SocketGroup: c.SocketGroup, Token: string(c.Token),
		DataDir: c.DataDir, JetStream: string(c.Jetstream), JetStreamCredentials: c.JetstreamCredentials, Replicas: c.Replicas,
		StopTimeout: c.StopTimeout, Log: newLog(logs, c.LogFormat),
	}
	if len(c.Store) == 0 && c.Jetstream == "" {
		return nil, errors.New("the agent needs --store URL, where it takes the records to, or --jetstream URL, the site's NATS cluster whose collectors do that")
	}
	if c.DataDir == "" && c.Jetstream == "" {
		return nil, errors.New("the agent needs --data-dir DIR, where it keeps records until the store has them, or --jetstream URL")
	}
	var err error
	mode, err := strconv.ParseUint(c.SocketMode, 8, 9)
	if err != nil || mode == 0 {
		return nil, fmt.Errorf("--socket-mode: %q is no mode such as 0660", c.SocketMode)
	}
	config.SocketMode = os.FileMode(mode)
	if c.Sync != "always" {
		if config.Sync, err = time.ParseDuration(c.Sync); err != nil || config.Sync <= 0 {
			return nil, fmt.Errorf("--sync: %q is neither always nor an interval such as 100ms", c.Sync)
		}
	}
	if config.MaxBytes, err = size(c.MaxBytes); err != nil {
		return nil, fmt.Errorf("--max-bytes: %w", err)
	}
	if config.TLS, err = c.tls(); err != nil {
		return nil, err
	}
	if config.JetStreamTLS, err = c.clusterFlags.tls(); err != nil {
		return nil, err
	}
	if config.DataDir != "" { // of no folder the path would be the working directory
		if config.DataDir, err = filepath.Abs(config.DataDir); err != nil {
			return nil, fmt.Errorf("--data-dir: %w", err)
		}
	}
	if c.StopTimeout < 0 {
		return nil, fmt.Errorf("--stop-timeout: %v is before now", c.StopTimeout)
	}
	if config.Listeners, err = inherited(); err != nil {
		return nil, err
	}
	if len(config.Listen)+len(config.Listeners) == 0 {
		config.Listen = []string{"unix://" + DefaultSocket}
	}
	return config, nil
}

// inherited are the sockets that systemd has opened.
func inherited() ([]net.Listener, error) {
	all, err := activation.Listeners()
	if err != nil {
		return nil, fmt.Errorf("the sockets of systemd: %w", err)
	}
	for i, l := range all {
		if l == nil {
			return nil, fmt.Errorf("systemd's socket %d takes no connections; its unit needs ListenStream", i)
		}
	}
	return all, nil
}

func (c *agentRun) tls() (*tls.Config, error) {
	if c.TLSCert == "" && c.TLSKey == "" {
		if c.TLSClientCA != "" {
			return nil, errors.New("--tls-client-ca needs --tls-cert and --tls-key")
		}
		return nil, nil
	}
	cert, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert and --tls-key: %w", err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	if c.TLSClientCA != "" {
		if config.ClientCAs, err = authority(c.TLSClientCA); err != nil {
			return nil, fmt.Errorf("--tls-client-ca: %w", err)
		}
		config.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return config, nil
}

func authority(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s has no certificate in PEM", file)
	}
	return pool, nil
}

// size reads a number of bytes such as 512MiB.
func size(text string) (int64, error) {
	number, shift := text, 0
	for i, unit := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if rest, ok := strings.CutSuffix(text, unit); ok {
			number, shift = rest, 10*(i+1)
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n <= 0 || n > 1<<62>>shift {
		return 0, fmt.Errorf("%q is no size such as 512MiB or 20GiB", text)
	}
	return n << shift, nil
}
