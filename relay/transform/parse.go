package transform

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/sonde-go/sonde/internal/jsontext"
)

// Error is what is wrong with one line of a file of rules.
type Error struct {
	File string
	Line int
	Text string
}

// Error returns file:line: and what is wrong.
func (e *Error) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Text) }

// maxFile is how large a file of rules may be.
const maxFile = 1 << 20

// Load reads a file of rules. See [Parse].
func Load(path string) (*Rules, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("the rules: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("the rules: %w", err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("%s: more than %d bytes: no file of rules", path, maxFile)
	}
	return Parse(path, data)
}

// Parse reads the text of a file of rules. Its error joins an [*Error] for each thing
// that is wrong.
func Parse(file string, data []byte) (*Rules, error) {
	p := &parser{file: file}
	var doc, second yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	if err := decoder.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, &Error{file, 1, "no rules: begin with a line \"rules:\""}
	} else if err != nil {
		return nil, syntax(file, err)
	}
	if err := decoder.Decode(&second); err == nil {
		return nil, &Error{file, second.Line, "a second document: one file has one list of rules"}
	} else if !errors.Is(err, io.EOF) {
		return nil, syntax(file, err)
	}
	r := &Rules{}
	for _, m := range p.members(doc.Content[0], "the file", "rules") {
		if m.value.Kind != yaml.SequenceNode {
			p.wrong(m.value, "rules is not a list: write each as \"  - …\"")
			continue
		}
		for _, n := range m.value.Content {
			r.rules = append(r.rules, p.rule(n))
		}
	}
	if len(p.errs) == 0 && len(r.rules) == 0 {
		p.wrong(doc.Content[0], "no rules")
	}
	if len(p.errs) > 0 {
		slices.SortStableFunc(p.errs, func(a, b error) int { return a.(*Error).Line - b.(*Error).Line })
		return nil, errors.Join(p.errs...)
	}
	return r, nil
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// syntax is the error of a text that is not YAML.
func syntax(file string, err error) error {
	text := err.Error()
	line := 1
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		text = text[len(m[0]):]
		if n, err := strconv.Atoi(m[1]); err == nil {
			line = n
		}
	}
	return &Error{file, line, "not YAML: " + text}
}

// parser gathers what is wrong.
type parser struct {
	file string
	errs []error
}

func (p *parser) wrong(n *yaml.Node, format string, args ...any) {
	p.errs = append(p.errs, &Error{p.file, n.Line, fmt.Sprintf(format, args...)})
}

type member struct {
	key   string
	value *yaml.Node
}

// members returns those of a mapping, all of which have to be known; none if any key is
// allowed.
func (p *parser) members(n *yaml.Node, what string, known ...string) (ms []member) {
	if n.Kind != yaml.MappingNode {
		p.wrong(n, "%s is not a mapping of %s", what, strings.Join(known, ", "))
		return nil
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode:
			p.wrong(key, "%s has a key that is no text", what)
		case seen[key.Value]:
			p.wrong(key, "%s has the key %q twice", what, key.Value)
		case known != nil && !slices.Contains(known, key.Value):
			p.wrong(key, "%s has no key %q: it may have %s", what, key.Value, strings.Join(known, ", "))
		case value.Kind == yaml.AliasNode:
			p.wrong(value, "aliases are not read: write it again")
		default:
			ms = append(ms, member{key.Value, value})
		}
		seen[key.Value] = true
	}
	return ms
}

// text is a scalar's, not empty.
func (p *parser) text(n *yaml.Node, what string) (string, bool) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" || n.Value == "" {
		p.wrong(n, "%s is not a text", what)
		return "", false
	}
	return n.Value, true
}

// texts are those of a list, or one.
func (p *parser) texts(n *yaml.Node, what string, each func(*yaml.Node, string)) {
	nodes := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		if nodes = n.Content; len(nodes) == 0 {
			p.wrong(n, "%s is empty", what)
		}
	}
	for _, n := range nodes {
		if text, ok := p.text(n, what); ok {
			each(n, text)
		}
	}
}

func (p *parser) rule(n *yaml.Node) rule {
	r := rule{line: n.Line}
	actions, errs := 0, len(p.errs)
	for _, m := range p.members(n, "a rule", "when", "redact", "rename", "drop", "add") {
		if m.key != "when" {
			actions++
		}
		switch m.key {
		case "when":
			p.when(&r, m.value)
		case "redact":
			r.redact = p.redaction(m.value)
		case "rename":
			r.rename = p.renaming(m.value)
		case "drop":
			if r.drop = m.value.Value == "true"; !r.drop {
				p.wrong(m.value, "drop is not true: leave the rule out instead")
			}
		case "add":
			r.add = p.additions(m.value)
		}
	}
	switch {
	case n.Kind != yaml.MappingNode, actions == 0 && len(p.errs) > errs: // it was said what is wrong
	case actions != 1:
		p.wrong(n, "a rule does one thing, redact, rename, drop or add, and this one %d", actions)
	case r.drop && r.project == nil && r.service == nil && r.name == nil:
		p.wrong(n, "the rule would drop every record: say which ones with when")
	}
	return r
}

func (p *parser) when(r *rule, n *yaml.Node) {
	ms := p.members(n, "when", "project", "service", "name")
	if n.Kind == yaml.MappingNode && len(n.Content) == 0 {
		p.wrong(n, "when is empty: leave it out for all records")
	}
	for _, m := range ms {
		of := map[string]*patterns{"project": &r.project, "service": &r.service, "name": &r.name}[m.key]
		p.texts(m.value, m.key, func(n *yaml.Node, text string) {
			if m.key == "name" && halfOfPoint(text) {
				p.wrong(n, "name is that of the point, without -start or -stop, so that both its records are meant")
			}
			*of = append(*of, text)
		})
	}
}

// halfOfPoint reports whether a name is that of a start or a stop.
func halfOfPoint(name string) bool {
	return strings.HasSuffix(name, "-start") || strings.HasSuffix(name, "-stop")
}

func (p *parser) redaction(n *yaml.Node) *redaction {
	r := &redaction{with: "***"}
	for _, m := range p.members(n, "redact", "keys", "values", "with") {
		switch m.key {
		case "keys":
			p.texts(m.value, "keys", func(n *yaml.Node, text string) {
				pattern := parseKeys(text)
				if slices.Contains(pattern, "") {
					p.wrong(n, "the path %q has an empty key: paths are like db.params or **.password", text)
				}
				if pattern[0] == "info" {
					p.wrong(n, "the path %q begins with info: paths begin within it, as in db.params", text)
				}
				r.keys = append(r.keys, pattern)
			})
		case "values":
			p.texts(m.value, "values", func(n *yaml.Node, text string) {
				re, err := regexp.Compile(text)
				switch {
				case err != nil:
					p.wrong(n, "%q is no regular expression: %s", text, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
				case re.MatchString(""):
					p.wrong(n, "the regular expression %q matches where there is nothing", text)
				default:
					r.values = append(r.values, re)
				}
			})
		case "with":
			if m.value.Kind != yaml.ScalarNode || m.value.ShortTag() == "!!null" {
				p.wrong(m.value, "with is not a text; nothing at all is \"\"")
			}
			r.with = m.value.Value
		}
	}
	if n.Kind == yaml.MappingNode && r.keys == nil && r.values == nil {
		p.wrong(n, "redact says nothing to hide: give keys or values")
	}
	return r
}

func (p *parser) renaming(n *yaml.Node) *renaming {
	r := &renaming{}
	ms := p.members(n, "rename", "name", "service", "project")
	for _, m := range ms {
		text, _ := p.text(m.value, m.key)
		if m.key == "name" && halfOfPoint(text) {
			p.wrong(m.value, "name is that of the point, without -start or -stop, which both its records keep")
		}
		*map[string]*string{"name": &r.name, "service": &r.service, "project": &r.project}[m.key] = text
	}
	if n.Kind == yaml.MappingNode && len(n.Content) == 0 {
		p.wrong(n, "rename says nothing: give name, service or project")
	}
	return r
}

func (p *parser) additions(n *yaml.Node) (add []addition) {
	if n.Kind != yaml.MappingNode || len(n.Content) == 0 {
		p.wrong(n, "add is not a mapping of keys to values, as in {region: eu-1}")
		return nil
	}
	for _, m := range p.members(n, "add") {
		if m.key == "host" || m.key == "sonde" || m.key == "" {
			p.wrong(m.value, "the key %q cannot be added", m.key)
			continue
		}
		value, ok := scalar(m.value)
		if !ok {
			p.wrong(m.value, "the value of %q is not a text, a number, true or false", m.key)
			continue
		}
		add = append(add, addition{m.key, value})
	}
	return add
}

// scalar is a YAML scalar as JSON in ASCII.
func scalar(n *yaml.Node) ([]byte, bool) {
	if n.Kind != yaml.ScalarNode {
		return nil, false
	}
	var v any
	if n.Decode(&v) != nil {
		return nil, false
	}
	switch v := v.(type) {
	case string:
		return jsontext.AppendString(nil, v), true
	case bool, int, int64, uint64, float64:
		b, err := json.Marshal(v)
		return b, err == nil // NaN and infinities are none
	}
	return nil, false
}
