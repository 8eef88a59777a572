package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/sonde-go/sonde/drivers"
)

type driversCmd struct {
	Scheme string `arg:"" optional:"" help:"Tell all about this one, such as redis."`
}

func (*driversCmd) Help() string {
	return `An option is written into the URL of the store, as ?name=value&name=value, and goes before what
the environment, an INI file or -O says.

Examples:

  sonde drivers
  sonde drivers redis
  sonde trace list --connection-string 'redis://cache:6379/0?socket_timeout=2s'`
}

func (c *driversCmd) Run(s streams) error {
	if c.Scheme == "" {
		return listSchemes(s.out)
	}
	name, _, _ := strings.Cut(c.Scheme, "://")
	for _, scheme := range drivers.Schemes() {
		if scheme.Name == name || scheme.Secure == name || slices.Contains(scheme.Aliases, name) {
			return tellScheme(s.out, &scheme)
		}
	}
	_, err := drivers.ParseURL(name, drivers.Options{})
	return err
}

// schemeNames are those of the stores that the command knows.
func schemeNames() string {
	var names []string
	for _, s := range drivers.Schemes() {
		names = append(names, s.Name)
	}
	return strings.Join(names, ", ")
}

func listSchemes(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "URL\tSTORE")
	for _, s := range drivers.Schemes() {
		fmt.Fprintf(table, "%s\t%s\n", s.Example, s.Doc)
	}
	return table.Flush()
}

func tellScheme(w io.Writer, s *drivers.Scheme) error {
	fmt.Fprintf(w, "%s\n  %s\n", s.Example, s.Doc)
	if s.Secure != "" {
		fmt.Fprintf(w, "  %s:// is the same by TLS\n", s.Secure)
	}
	for _, alias := range s.Aliases {
		fmt.Fprintf(w, "  %s:// is the same\n", alias)
	}
	fmt.Fprintf(w, "  import _ %q\n", s.Import)
	options := append(slices.Clone(s.Options), s.Common()...)
	if len(options) > 0 {
		fmt.Fprintln(w, "\nOptions:")
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, o := range options {
		fmt.Fprintf(table, "  %s\t%s\t%s\t%s\n", o.Name, o.Kind, o.Default, o.Doc)
	}
	if s.Others != "" {
		fmt.Fprintf(table, "  …\t\t\tand %s\n", s.Others)
	}
	return table.Flush()
}
