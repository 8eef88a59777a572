package cli

import (
	"cmp"
	"errors"
	"time"

	"github.com/alecthomas/kong"

	"github.com/sonde-go/sonde"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/traces"
)

const description = `Traces of single requests, asked for with two signed headers.

Trace one request, or ask for its trace with another program and look at it later:

  export SONDE_HMAC_KEY=the-key-of-the-services
  sonde run https://shop.example/api/checkout
  curl $(sonde headers) https://shop.example/api/checkout
  sonde trace list --limit 5
  sonde trace show ID`

// grammar is that of the command line.
type grammar struct {
	Run     runCmd     `cmd:"" help:"Make one request with the signed headers and show its trace."`
	Trace   traceCmd   `cmd:"" help:"List, show, compare, copy and remove traces."`
	UI      uiCmd      `cmd:"" name:"ui" help:"Show the traces in a browser."`
	Headers headersCmd `cmd:"" help:"Make the signed headers that start a trace, or check them."`
	Drivers driversCmd `cmd:"" help:"List the kinds of stores that this command knows, their URLs and options."`
	Check   checkCmd   `cmd:"" help:"Try the store, the keys and the clock, and say what is wrong."`

	Version kong.VersionFlag `help:"Print the version of this command."`
}

type traceCmd struct {
	List  listCmd  `cmd:"" help:"List the traces in the store, the newest first."`
	Show  showCmd  `cmd:"" help:"Show one trace, from the store or from a file."`
	Diff  diffCmd  `cmd:"" help:"Say what differs between two traces, or two groups of them."`
	Stats statsCmd `cmd:"" help:"Say what makes some traces of a kind slower than others."`
	Copy  copyCmd  `cmd:"" help:"Copy traces from one store to another."`
	Prune pruneCmd `cmd:"" help:"Remove old traces from the store."`
}

// StoreFlags say where the traces are: flags of the command line, and what services
// read of the environment. A command of a program's own embeds them.
type StoreFlags struct {
	ConnectionString Secret            `help:"URL of the store, or env:NAME or @FILE. If not given: OS_PROFILER__CONNECTION_STRING or OSPROFILER_CONNECTION_STRING of the environment, or else ${store}. Known schemes: ${schemes}; sonde drivers tells their options." placeholder:"URL"`
	IdleTimeout      string            `help:"How long the store messaging:// waits for a further message, such as 5s or a number of seconds." placeholder:"DURATION"`
	TransportURL     Secret            `help:"Broker of the store messaging://, such as rabbit://user:password@host:5672/, or env:NAME or @FILE." placeholder:"URL"`
	Option           map[string]string `short:"O" mapsep:"none" help:"Another option of the store by the name that it has in an INI file, such as socket_timeout=2.5; may be repeated. It goes before the environment." placeholder:"NAME=VALUE"`
}

// KeyFlags are the keys that sign and verify. A command of a program's own embeds them.
type KeyFlags struct {
	HMACKey Secret `name:"hmac-key" aliases:"hmac-keys" help:"HMAC key of the services, or several with commas between them: the first signs, all verify. Better env:NAME or @FILE, since everybody on the machine sees the command line. If not given: SONDE_HMAC_KEY, OS_PROFILER__HMAC_KEYS or OSPROFILER_HMAC_KEYS of the environment, which services read too." placeholder:"KEY"`
}

// Keys are the flag's, or those of the environment. SECRET_KEY may be among them:
// it is the services that have to be told whether they accept it.
func (k *KeyFlags) Keys() (*header.Keyring, error) {
	config, err := sonde.FromEnv()
	if err != nil {
		return nil, err
	}
	config.HMACKeys = cmp.Or(string(k.HMACKey), config.HMACKeys)
	config.AllowDefaultKey = true
	keys, err := config.Keys()
	if err == nil && keys.Len() == 0 {
		return nil, errors.New("no HMAC key: set SONDE_HMAC_KEY or give --hmac-key")
	}
	return keys, err
}

// sinceFlag is a time, or a duration before now.
type sinceFlag struct{ time.Time }

func (f *sinceFlag) UnmarshalText(text []byte) (err error) {
	f.Time, err = traces.ParseTime(string(text))
	return err
}
