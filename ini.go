package sonde

import (
	"fmt"
	"os"
	"strings"

	"github.com/sonde-go/sonde/internal/near"
)

// FromFile reads the groups of OSProfiler's options from an INI file as
// OpenStack's services have them, for instance
//
//	[profiler]
//	enabled = true
//	hmac_keys = new secret, old secret
//	connection_string = redis://localhost:6379
//
//	[sonde]
//	service = api
//	connect_timeout = 2.5
//
// Other groups are not looked at, nor options that a service of OpenStack has in
// [profiler] for itself, such as Zaqar's trace_message_store; any other unknown
// option is an error. The syntax is oslo.config's: "name = value"
// or "name: value", lines that begin with white space go on with the value,
// lines that begin with # or ; are comments, quotes around a value are taken
// off. Substitutions ($name) are not made. The error names the line, not its
// value.
func FromFile(path string) (Config, error) {
	var c Config
	text, err := os.ReadFile(path)
	if err != nil {
		return c, fmt.Errorf("sonde: %w", err)
	}
	if err := c.readINI(string(text)); err != nil {
		return Config{}, fmt.Errorf("sonde: %s: %w", path, err)
	}
	return c, nil
}

func (c *Config) readINI(text string) error {
	entries, err := parseINI(text)
	if err != nil {
		return err
	}
	known := map[string]option{}
	names := map[string][]string{} // by group
	for _, o := range optionTable {
		known[o.group+"."+o.name] = o
		names[o.group] = append(names[o.group], o.name)
	}
	given := map[string]bool{}
	for _, e := range entries {
		given[e.group+"."+e.name] = true
	}
	for _, e := range entries {
		if names[e.group] == nil || foreign(e.group, e.name) {
			continue
		}
		name := e.name
		if now := formerly[name]; now != "" && e.group == "profiler" {
			if given["profiler."+now] {
				continue
			}
			name = now
		}
		o, ok := known[e.group+"."+name]
		if !ok {
			return fmt.Errorf("line %d: there is no option %s in [%s]%s", e.line, e.name, e.group, near.Meant(e.name, names[e.group]))
		}
		if err := o.set(c, e.value); err != nil {
			return fmt.Errorf("line %d: %s %w", e.line, e.name, err)
		}
	}
	return nil
}

// iniEntry is one option of a file.
type iniEntry struct {
	group, name, value string
	line               int
}

func parseINI(text string) ([]iniEntry, error) {
	var entries []iniEntry
	group, open := "", false // open: a line that begins with white space goes on with the last entry
	for i, line := range strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n") {
		line = strings.TrimRight(line, " \t\r")
		switch {
		case line == "":
			open = false
		case line[0] == '#' || line[0] == ';':
		case line[0] == ' ' || line[0] == '\t':
			if !open {
				return nil, fmt.Errorf("line %d continues an option, but none comes before it", i+1)
			}
			last := &entries[len(entries)-1]
			last.value += "\n" + strings.TrimSpace(line)
		case line[0] == '[':
			if !strings.HasSuffix(line, "]") {
				return nil, fmt.Errorf("line %d: a group's name ends with ]", i+1)
			}
			group, open = strings.TrimSpace(line[1:len(line)-1]), false
		default:
			at := strings.IndexAny(line, "=:")
			if at <= 0 {
				return nil, fmt.Errorf("line %d is not an option: want name = value", i+1)
			}
			entries = append(entries, iniEntry{group, strings.TrimSpace(line[:at]), strings.TrimSpace(line[at+1:]), i + 1})
			open = true
		}
	}
	for i := range entries {
		entries[i].value = unquote(entries[i].value)
	}
	return entries, nil
}

func unquote(s string) string {
	if n := len(s); n > 1 && s[0] == s[n-1] && (s[0] == '"' || s[0] == '\'') {
		return s[1 : n-1]
	}
	return s
}
