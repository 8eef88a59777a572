package transform

import (
	"regexp"
	"strings"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/record"
)

// Rules change records. They are safe for concurrent use.
type Rules struct{ rules []rule }

// rule is one of them: one of its actions is set.
type rule struct {
	line                   int
	project, service, name patterns
	redact                 *redaction
	rename                 *renaming
	drop                   bool
	add                    []addition
}

// patterns are texts with "*" of which one has to fit; nil fits all.
type patterns []string

func (p patterns) fit(text string) bool {
	for _, pattern := range p {
		if fits(pattern, text) {
			return true
		}
	}
	return p == nil
}

// fits reports whether a pattern in which "*" stands for any characters fits all of
// a text.
func fits(pattern, text string) bool {
	first, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == text
	}
	text, ok := strings.CutPrefix(text, first)
	for ok {
		if first, rest, star = strings.Cut(rest, "*"); !star {
			return strings.HasSuffix(text, first)
		}
		_, text, ok = strings.Cut(text, first)
	}
	return false
}

// renaming has the new texts; "" leaves the old one.
type renaming struct{ name, service, project string }

// addition is a member of info.
type addition struct {
	key   string
	value []byte // JSON
}

// redaction is what is hidden and by what.
type redaction struct {
	keys   []keyPattern
	values []*regexp.Regexp
	with   string
}

// Apply changes e by the rules, and reports whether the record is to be kept. The event
// shares no memory with the one before if it was changed.
func (r *Rules) Apply(e *record.Event) (keep bool) {
	return r.apply(e, func(int, string) {})
}

// apply tells what each rule does to a record, by the rule's line.
func (r *Rules) apply(e *record.Event, told func(line int, what string)) (keep bool) {
	for i := range r.rules {
		rule := &r.rules[i]
		if !rule.project.fit(e.Project()) || !rule.service.fit(e.Service()) || rule.name != nil && !rule.name.fit(e.Name()) {
			continue
		}
		switch {
		case rule.drop:
			told(rule.line, "drops the record")
			return false
		case rule.redact != nil:
			info, hidden := rule.redact.info(e.Info())
			more, further := rule.redact.more(e.More())
			if hidden += further; hidden > 0 {
				e.Change(func(f *record.Fields) { f.Info, f.Host, f.More = info, host(info), more })
				told(rule.line, "redacts "+count(hidden, "value"))
			}
		case rule.rename != nil:
			e.Change(rule.rename.apply)
			told(rule.line, "renames the record")
		default:
			if info, added := addTo(e.Info(), rule.add); added > 0 {
				e.Change(func(f *record.Fields) { f.Info = info })
				told(rule.line, "adds "+count(added, "key"))
			}
		}
	}
	return true
}

func host(info []byte) string {
	host, _ := jsontext.Text(jsontext.Get(info, "host"))
	return host
}

func (r *renaming) apply(f *record.Fields) {
	for _, to := range []struct {
		field *string
		text  string
	}{{&f.Name, r.name}, {&f.Service, r.service}, {&f.Project, r.project}} {
		if to.text != "" {
			*to.field = to.text
		}
	}
}

// addTo writes the additions that are missing before the first member of info, so that
// host stays the last one.
func addTo(info []byte, add []addition) (with []byte, added int) {
	for _, a := range add {
		if _, ok := jsontext.Member(info, a.key); ok {
			continue
		}
		if added++; added > 1 {
			with = append(with, ',')
		} else {
			with = append(with, '{')
		}
		with = append(append(jsontext.AppendString(with, a.key), ':'), a.value...)
	}
	if added == 0 {
		return info, 0
	}
	rest := info[jsontext.SkipSpace(info, 0)+1:]
	if rest[jsontext.SkipSpace(rest, 0)] != '}' {
		with = append(with, ',')
	}
	return append(with, rest...), added
}

// Conceal redacts what is no record but was meant to be one, by all redactions,
// whatever their conditions. It returns false if it cannot be read as a JSON object,
// so that nobody knows what is in it: unless there are no redactions.
func (r *Rules) Conceal(text []byte) (hidden []byte, ok bool) {
	for i := range r.rules {
		if redact := r.rules[i].redact; redact != nil {
			if text, ok = redact.record(text); !ok {
				return nil, false
			}
		}
	}
	return text, true
}
