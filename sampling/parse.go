package sampling

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// Parse reads rules from a text, in which they are separated by commas or line ends:
//
//	/healthz=0, POST /orders=1, nats:orders.*=0.1, /cart/*=10/m, grpc:=join 50%, 0.01
//
// Before the equals sign stand, each optional, a layer with a colon, an HTTP method
// with a blank, and a path. Behind it stands the share to keep, as a number from 0 to 1
// or in percent, or how many of each route to keep a minute. "join" before the share
// says Rule.JoinOnly. A rule without an equals sign is about
// everything. Text from # to the end of a line is a comment. Errors say the line.
func Parse(text string) ([]Rule, error) {
	var rules []Rule
	for n, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		for item := range strings.SplitSeq(line, ",") {
			item = strings.TrimFunc(item, blank)
			if item == "" {
				continue
			}
			r, err := parseRule(item)
			if err != nil {
				return nil, fmt.Errorf("sampling: line %d: %w", n+1, err)
			}
			if err := r.validate(); err != nil {
				return nil, fmt.Errorf("sampling: line %d: %q %w", n+1, item, err)
			}
			rules = append(rules, r)
		}
	}
	return rules, nil
}

// blank reports whether r is nothing to see: white space, or what some editors put before a
// file's text.
func blank(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' }

func parseRule(item string) (r Rule, err error) {
	about, level := "", item
	if i := strings.LastIndexByte(item, '='); i >= 0 {
		about, level = strings.TrimSpace(item[:i]), strings.TrimSpace(item[i+1:])
	}
	if i := strings.IndexAny(about, ":/ "); i >= 0 && about[i] == ':' {
		r.Layer, about = about[:i], strings.TrimSpace(about[i+1:])
	}
	if method, path, ok := strings.Cut(about, " "); ok {
		r.Method, about = method, strings.TrimSpace(path)
	}
	r.Path = about
	if strings.ContainsAny(r.Path, " \t") {
		return r, fmt.Errorf("%q has a blank in its path", item)
	}
	if share, join := strings.CutPrefix(level, "join "); join {
		r.JoinOnly, level = true, share
	}
	number, perMinute := strings.CutSuffix(level, "/m")
	number, percent := strings.CutSuffix(number, "%")
	value, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	switch {
	case err != nil || perMinute && percent:
		return r, fmt.Errorf("%q does not say how many to keep; want a share such as 0.01 or 1%%, or a number a minute such as 10/m", item)
	case perMinute:
		r.PerMinute = value
	case percent:
		r.Rate = value / 100
	default:
		r.Rate = value
	}
	return r, nil
}

// String is the rule as [Parse] reads it.
func (r Rule) String() string {
	var b strings.Builder
	if r.Layer != "" {
		b.WriteString(r.Layer + ":")
	}
	if r.Method != "" {
		b.WriteString(r.Method + " ")
	}
	b.WriteString(r.Path)
	if b.Len() > 0 {
		b.WriteByte('=')
	}
	if r.PerMinute > 0 {
		return b.String() + strconv.FormatFloat(r.PerMinute, 'g', -1, 64) + "/m"
	}
	if r.JoinOnly {
		b.WriteString("join ")
	}
	return b.String() + strconv.FormatFloat(r.Rate, 'g', -1, 64)
}
