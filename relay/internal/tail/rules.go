package tail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// Rules say how long a trace is held and what is kept of those that may be dropped: a
// trace is kept if any rule keeps it. The zero value of a rule is a rule that keeps
// nothing.
type Rules struct {
	Quiet    time.Duration // a trace is decided when nothing of it came for so long,
	AtMost   time.Duration // or so long after its first record
	Memory   int64         // bytes of records that are held, and of those that a store does not have yet
	Traces   int           // traces that are held; at nine tenths there is stress
	Remember time.Duration // how long a decision is known to those who take a partition over
	Stress   float64       // the share of new traces that is kept under stress

	Errors      bool
	Slowest     float64       // the share of the traces of a name that are its slowest
	RareBelow   int           // names with fewer traces than this
	RareWithin  time.Duration // in this time
	Rate        int           // traces per minute of each name
	Probability float64
}

// Defaults are the rules of an empty file, which keep nothing but what was asked for.
func Defaults() Rules {
	return Rules{
		Quiet: 10 * time.Second, AtMost: time.Minute, Memory: 256 << 20, Traces: 100_000,
		Remember: time.Hour, Stress: 0.01, RareWithin: time.Hour,
	}
}

// ParseRules reads a file of rules, see docs/tail.md. Its errors are one line for each
// thing that is wrong, with the file's name and the number of the line.
func ParseRules(file string, text []byte) (Rules, error) {
	r := Defaults()
	d := yaml.NewDecoder(bytes.NewReader(text))
	var document yaml.Node
	if err := d.Decode(&document); err != nil && !errors.Is(err, io.EOF) {
		return r, fmt.Errorf("%s: %w", file, err)
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return r, fmt.Errorf("%s: more than one document; rules are one", file)
	}
	p := parser{file: file}
	if len(document.Content) > 0 {
		p.mapping(document.Content[0], map[string]func(*yaml.Node){
			"quiet":    p.duration(&r.Quiet, time.Millisecond, time.Hour),
			"at_most":  p.duration(&r.AtMost, time.Millisecond, time.Hour),
			"memory":   p.size(&r.Memory, 8<<20),
			"traces":   p.number(&r.Traces, 100, 100_000_000),
			"remember": p.duration(&r.Remember, time.Minute, 7*24*time.Hour),
			"stress":   p.share(&r.Stress),
			"keep": func(n *yaml.Node) {
				p.mapping(n, map[string]func(*yaml.Node){
					"errors":  p.flag(&r.Errors),
					"slowest": p.share(&r.Slowest),
					"rare": func(n *yaml.Node) {
						p.mapping(n, map[string]func(*yaml.Node){
							"below":  p.number(&r.RareBelow, 1, 1_000_000),
							"within": p.duration(&r.RareWithin, time.Minute, 24*time.Hour),
						})
					},
					"rate":        p.number(&r.Rate, 1, 1_000_000),
					"probability": p.share(&r.Probability),
				})
			},
		})
	}
	if len(p.wrong) == 0 && r.AtMost < r.Quiet {
		p.wrong = append(p.wrong, fmt.Errorf("%s: at_most (%v) is shorter than quiet (%v); no trace would ever be quiet", file, r.AtMost, r.Quiet))
	}
	return r, errors.Join(p.wrong...)
}

type parser struct {
	file  string
	wrong []error
}

func (p *parser) fail(n *yaml.Node, format string, args ...any) {
	p.wrong = append(p.wrong, fmt.Errorf("%s:%d: %s", p.file, n.Line, fmt.Sprintf(format, args...)))
}

// mapping reads an object whose keys are known.
func (p *parser) mapping(n *yaml.Node, keys map[string]func(*yaml.Node)) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return
	}
	if n.Kind != yaml.MappingNode {
		p.fail(n, "want keys and values here, such as %q", "quiet: 10s")
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		read, ok := keys[key.Value]
		switch line := seen[key.Value]; {
		case !ok:
			var known []string
			for k := range keys {
				known = append(known, k)
			}
			slices.Sort(known)
			p.fail(key, "unknown key %q; the keys here are %s", key.Value, strings.Join(known, ", "))
		case line != 0:
			p.fail(key, "%s stands in line %d already", key.Value, line)
		case value.Kind == yaml.AliasNode:
			p.fail(value, "aliases are not read; write the value of %s out", key.Value)
		default:
			seen[key.Value] = key.Line
			read(value)
		}
	}
}

func (p *parser) duration(to *time.Duration, least, most time.Duration) func(*yaml.Node) {
	return func(n *yaml.Node) {
		d, err := time.ParseDuration(n.Value)
		if err != nil || n.Kind != yaml.ScalarNode || d < least || d > most {
			p.fail(n, "%q is no time from %v to %v; write it as 500ms, 10s or 1h", n.Value, least, most)
			return
		}
		*to = d
	}
}

func (p *parser) number(to *int, least, most int) func(*yaml.Node) {
	return func(n *yaml.Node) {
		i, err := strconv.Atoi(n.Value)
		if err != nil || n.Kind != yaml.ScalarNode || i < least || i > most {
			p.fail(n, "%q is no whole number from %d to %d", n.Value, least, most)
			return
		}
		*to = i
	}
}

// share reads 1%, 0.5% or 0.01.
func (p *parser) share(to *float64) func(*yaml.Node) {
	return func(n *yaml.Node) {
		text, percent := strings.CutSuffix(n.Value, "%")
		f, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if percent {
			f /= 100
		}
		if err != nil || n.Kind != yaml.ScalarNode || !(f >= 0 && f <= 1) {
			p.fail(n, "%q is no share; write it as 5%% or 0.05", n.Value)
			return
		}
		*to = f
	}
}

func (p *parser) flag(to *bool) func(*yaml.Node) {
	return func(n *yaml.Node) {
		switch n.Value {
		case "true":
			*to = true
		case "false":
			*to = false
		default:
			p.fail(n, "%q is neither true nor false", n.Value)
		}
	}
}

var units = []struct {
	suffix string
	bytes  int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}}

func (p *parser) size(to *int64, least int64) func(*yaml.Node) {
	return func(n *yaml.Node) {
		for _, u := range units {
			number, ok := strings.CutSuffix(n.Value, u.suffix)
			i, err := strconv.ParseInt(strings.TrimSpace(number), 10, 32)
			if ok && err == nil && n.Kind == yaml.ScalarNode && i*u.bytes >= least {
				*to = i * u.bytes
				return
			}
		}
		p.fail(n, "%q is no size of at least %d MiB; write it as 64MiB or 1GiB", n.Value, least>>20)
	}
}
