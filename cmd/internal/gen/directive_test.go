package gen

import (
	"errors"
	"go/token"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestParseDirective(t *testing.T) {
	for comment, want := range map[string]Options{
		"//sonde:trace":  {},
		"//sonde:trace ": {},
		"//sonde:trace name=rpc hide_args hide_result trace_private":             {Name: "rpc", HideArgs: true, Private: true},
		"//sonde:trace\tname=rpc\t hide_result=false\r":                          {Name: "rpc", ShowResult: true},
		"//sonde:trace as=RepoSpy hide_args=false hide_result=0 trace_private=1": {As: "RepoSpy", ShowResult: true, Private: true},
		"//sonde:trace name=größe.x":                                             {Name: "größe.x"},
	} {
		if got, err := parseDirective(comment); got != want || err != nil {
			t.Errorf("%q: %+v, %v", comment, got, err)
		}
	}
}

func TestParseDirectiveErrors(t *testing.T) {
	for comment, want := range map[string]struct {
		at   int
		text string
	}{
		"//sonde:trcae":                     {8, "there is no directive //sonde:trcae; did you mean trace?"},
		"//sonde:":                          {8, `there is no directive //sonde:""`},
		"//sonde:tracer name=x":             {8, "there is no directive //sonde:tracer; did you mean trace?"},
		"//sonde:trace hide_arg":            {14, "there is no option hide_arg; did you mean hide_args?; " + allowed},
		"//sonde:trace name=x info=3":       {21, "there is no option info; " + allowed},
		"//sonde:trace name":                {14, "name wants a value: name=rpc"},
		"//sonde:trace  as=":                {15, "as wants a value: as=RepoSpy"},
		"//sonde:trace as=a.b":              {17, "as=a.b is no name of a type"},
		"//sonde:trace as=func":             {17, "as=func is no name of a type"},
		"//sonde:trace name=my-rpc":         {19, "name=my-rpc has a dash, at which readers cut names: write my_rpc"},
		"//sonde:trace name=a\x1b[0m":       {19, `the name "a\x1b[0m" has other characters than letters, digits, _ . : and /`},
		"//sonde:trace hide_args=maybe":     {24, `hide_args is true or false, not "maybe"`},
		"//sonde:trace hide_args hide_args": {24, "hide_args is given twice"},
		"//sonde:trace \x1b[31m":            {14, `there is no option "\x1b[31m"; ` + allowed},
		"//sonde:trace name=rpc, hide_args": {19, `the name "rpc," has other characters than letters, digits, _ . : and /`},
	} {
		_, err := parseDirective(comment)
		var wrong *directiveError
		if !errors.As(err, &wrong) || wrong.at != want.at || wrong.text != want.text {
			t.Errorf("%q: %+v, want %+v", comment, err, want)
		}
	}
}

func FuzzParseDirective(f *testing.F) {
	for _, seed := range []string{"", " name=rpc hide_args hide_result trace_private", "\tas=X\r", " name=a-b", "r name==", " hide_args=\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, rest string) {
		comment := prefix + verb + rest
		o, err := parseDirective(comment)
		var wrong *directiveError
		if err != nil {
			if !errors.As(err, &wrong) || wrong.at < len(prefix) || wrong.at > len(comment) {
				t.Fatalf("%q: %#v", comment, err)
			}
			if strings.ContainsAny(wrong.text, "\n\r\x1b") || !utf8.ValidString(wrong.text) {
				t.Fatalf("%q: the error steers a terminal: %q", comment, wrong.text)
			}
			return
		}
		if o.As != "" && !token.IsIdentifier(o.As) || strings.ContainsAny(o.Name, "- \n\x00") {
			t.Fatalf("%q: %+v", comment, o)
		}
		// What has been understood can be written down and means the same.
		again, err := parseDirective(prefix + verb + " " + o.text())
		if again != o || err != nil {
			t.Fatalf("%q: %+v, and again %+v, %v", comment, o, again, err)
		}
	})
}

// text is what a directive would say.
func (o Options) text() string {
	var words []string
	add := func(given bool, word string) {
		if given {
			words = append(words, word)
		}
	}
	add(o.Name != "", "name="+o.Name)
	add(o.As != "", "as="+o.As)
	add(o.HideArgs, "hide_args")
	add(o.ShowResult, "hide_result=false")
	add(o.Private, "trace_private")
	return strings.Join(words, " ")
}
