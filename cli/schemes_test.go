package cli

import (
	"strings"
	"testing"

	"github.com/sonde-go/sonde/drivers"
)

// TestDrivers: each store that is linked in is listed, and told of with all of
// its options.
func TestDrivers(t *testing.T) {
	list := command(t, "drivers")
	for _, s := range drivers.Schemes() {
		if !strings.Contains(list.out, s.Example) || !strings.Contains(list.out, s.Doc) {
			t.Errorf("%s:// is not in\n%s", s.Name, list.out)
		}
		names := append([]string{s.Name}, s.Aliases...)
		if s.Secure != "" {
			names = append(names, s.Secure+"://")
		}
		for _, name := range names {
			told := command(t, "drivers", name).out
			for _, o := range append(s.Options, s.Common()...) {
				if !strings.Contains(told, o.Name+" ") || !strings.Contains(told, o.Doc) {
					t.Errorf("option %s is not in\n%s", o.Name, told)
				}
			}
		}
	}
	command(t, "drivers", "mongo").checkFails(t, exitFailed, `^sonde: no driver for mongo:// \(registered: .*mongodb`)
}

// TestOptionsInTheURL: a wrong one is one line that names those that there are.
func TestOptionsInTheURL(t *testing.T) {
	command(t, "trace", "list", "--connection-string", "redis://:hunter2@h?sokcet_timeout=2s").
		checkFails(t, exitFailed, `^sonde: open redis://:\*\*\*@h\?sokcet_timeout=2s: unknown option "sokcet_timeout"; there are: connect_timeout, .*socket_timeout.*ttl$`)
}
