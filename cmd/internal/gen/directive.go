package gen

import (
	"fmt"
	"go/token"
	"go/types"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sonde-go/sonde/internal/near"
)

// Options say how the methods of a type are traced. The words are those of
// OSProfiler's decorators.
type Options struct {
	// Name is the name of the points. Empty: that of the type, in lower case with
	// underscores.
	Name string
	// As is the name of the type that is written. Empty: that of the type, and
	// "Traced".
	As string
	// HideArgs keeps the arguments out of the records.
	HideArgs bool
	// ShowResult records what methods return, which OSProfiler hides too.
	ShowResult bool
	// Private traces the methods that are not exported too.
	Private bool
}

// prefix begins a directive; verb is the only one.
const (
	prefix = "//sonde:"
	verb   = "trace"
)

// words are what a directive may consist of.
var words = []string{"name", "as", "hide_args", "hide_result", "trace_private"}

const allowed = "allowed are name=NAME, as=TYPE, hide_args, hide_result, hide_result=false and trace_private"

// directiveError is what is wrong with a directive, and how many bytes from its
// beginning.
type directiveError struct {
	at   int
	text string
}

func (e *directiveError) Error() string { return e.text }

// parseDirective reads a comment that begins with prefix:
//
//	//sonde:trace name=rpc hide_args hide_result=false trace_private
func parseDirective(comment string) (o Options, err error) {
	wrong := func(at int, format string, args ...any) (Options, error) {
		return Options{}, &directiveError{at, fmt.Sprintf(format, args...)}
	}
	rest := strings.TrimPrefix(comment, prefix)
	first, _, _ := strings.Cut(strings.ReplaceAll(rest, "\t", " "), " ")
	if first != verb {
		return wrong(len(prefix), "there is no directive %s%s%s", prefix, clean(first), near.Meant(first, []string{verb}))
	}
	had := map[string]bool{}
	for at := len(prefix) + len(verb); at < len(comment); {
		if c := comment[at]; c == ' ' || c == '\t' || c == '\r' {
			at++
			continue
		}
		end := at
		for end < len(comment) && !strings.ContainsRune(" \t\r", rune(comment[end])) {
			end++
		}
		word := comment[at:end]
		key, value, given := strings.Cut(word, "=")
		valueAt := at + len(key) + 1
		if had[key] {
			return wrong(at, "%s is given twice", clean(key))
		}
		had[key] = true
		yes := true
		switch key {
		case "hide_args", "hide_result", "trace_private":
			if given {
				if yes, err = strconv.ParseBool(value); err != nil {
					return wrong(valueAt, "%s is true or false, not %q", key, value)
				}
			}
		case "name", "as":
			if value == "" {
				return wrong(at, "%s wants a value: %s=%s", key, key, map[string]string{"name": "rpc", "as": "RepoSpy"}[key])
			}
		}
		switch key {
		case "hide_args":
			o.HideArgs = yes
		case "hide_result":
			o.ShowResult = !yes
		case "trace_private":
			o.Private = yes
		case "name":
			o.Name = value
			if err := checkName(value); err != nil {
				return wrong(valueAt, "%v", err)
			}
		case "as":
			o.As = value
			if err := checkAs(value); err != nil {
				return wrong(valueAt, "%v", err)
			}
		default:
			return wrong(at, "there is no option %s%s; %s", clean(key), near.Meant(key, words), allowed)
		}
		at = end
	}
	return o, nil
}

// checkName refuses a name of points that would be stored as another one.
func checkName(name string) error {
	switch {
	case strings.Contains(name, "-"):
		return fmt.Errorf("name=%s has a dash, at which readers cut names: write %s", clean(name), clean(strings.ReplaceAll(name, "-", "_")))
	case utf8.RuneCountInString(name) > 200:
		return fmt.Errorf("the name has more than 200 characters")
	case strings.ContainsFunc(name, func(r rune) bool {
		return r == utf8.RuneError || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_.:/", r)
	}):
		return fmt.Errorf("the name %q has other characters than letters, digits, _ . : and /", name)
	}
	return nil
}

func checkAs(name string) error {
	if !token.IsIdentifier(name) || name == "_" || name == "init" || types.Universe.Lookup(name) != nil {
		return fmt.Errorf("as=%s is no name of a type", clean(name))
	}
	return nil
}

// clean is a text of the user's for an error.
func clean(s string) string {
	if q := strconv.Quote(s); q != `"`+s+`"` || s == "" {
		return q
	}
	return s
}
