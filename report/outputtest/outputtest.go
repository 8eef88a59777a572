// Package outputtest tests forms in which reports are written, see
// [report.Output]: those of this module and those of others.
//
//	func TestCSV(t *testing.T) { outputtest.Run(t, csv.Output, "testdata") }
//
// It adds the flag -update to the tests that import it, which rewrites the golden
// files.
package outputtest

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/sonde-go/sonde/report"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// Run writes the report of each of [Traces] in a form, without options, and
// compares it with the golden file dir/FORM/TRACE.golden. It also checks what must
// hold for every form: that writing again, or concurrently, writes the same; that
// an error of the writer is returned wherever it occurs; that the report does not
// change; and that a form that claims to be text contains nothing that controls a
// terminal, whatever the options. Finally it writes reports of three thousand
// points, wide and deep.
func Run(t *testing.T, form report.Output, dir string) {
	t.Helper()
	if problem := describes(form); problem != "" {
		t.Fatal(problem)
	}
	for _, trace := range Traces(t) {
		t.Run(trace.Name, func(t *testing.T) {
			got, problems := check(form, func() *report.Report { return trace.Report(t) })
			for _, p := range problems {
				t.Error(p)
			}
			if len(problems) == 0 {
				Golden(t, filepath.Join(dir, form.Name, trace.Name+".golden"), got)
			}
		})
	}
	for _, deep := range []bool{false, true} {
		t.Run(fmt.Sprint("large, deep: ", deep), func(t *testing.T) {
			if err := form.Write(io.Discard, large(3000, deep).Report(t), report.Options{}); err != nil {
				t.Error(err)
			}
		})
	}
}

// Golden compares got with the content of file or, with -update, writes the file.
func Golden(t testing.TB, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; the flag -update writes it", err)
	}
	if bytes.Equal(got, want) {
		return
	}
	g, w := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	for i := range min(len(g), len(w)) {
		if !bytes.Equal(g[i], w[i]) {
			t.Fatalf("%s, line %d: got %q, want %q; if that is intended, -update rewrites the file", file, i+1, g[i], w[i])
		}
	}
	t.Fatalf("%s: got %d lines, want %d; if that is intended, -update rewrites the file", file, len(g), len(w))
}

var formName = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// describes says what a form lacks, "" if nothing.
func describes(form report.Output) string {
	switch {
	case !formName.MatchString(form.Name):
		return fmt.Sprintf("the name %q of the form is not one of lower-case letters, digits and dashes", form.Name)
	case form.Doc == "" || strings.ContainsAny(form.Doc, "\n"):
		return "the form's Doc is not one line"
	case form.Write == nil:
		return "the form has no Write"
	}
	return ""
}

// check returns a report in a form, and what is wrong with it.
func check(form report.Output, build func() *report.Report) (got []byte, problems []string) {
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	write := func(r *report.Report, o report.Options) []byte {
		var out bytes.Buffer
		if err := form.Write(&out, r, o); err != nil {
			say("Write fails: %v", err)
		}
		return out.Bytes()
	}
	r := build()
	before := model(r)
	got = write(r, report.Options{})
	if !bytes.Equal(write(r, report.Options{}), got) || !bytes.Equal(write(build(), report.Options{}), got) {
		say("Write writes something different the second time")
	}
	if !bytes.Equal(model(r), before) {
		say("Write changes the report")
	}
	if !sameAtOnce(form, r, got) {
		say("Write writes something different when several write at once")
	}
	for _, room := range []int{0, len(got) / 2, len(got) - 1} {
		if w := (&full{room: room}); len(got) > 0 && !errors.Is(form.Write(w, r, report.Options{}), errFull) {
			say("Write does not return the error of its writer, which came after %d of %d bytes", room, len(got))
		}
	}
	if !form.Text {
		return got, problems
	}
	for _, o := range []report.Options{{}, {Width: 40, MaxRows: 1, More: "see more"}, {Width: 1000}, {Color: true}} {
		text := write(r, o)
		if o.Color {
			text = color.ReplaceAll(text, nil)
		}
		if c, ok := steers(text); ok {
			say("the form claims to be text, but with %+v it contains %s, which is not safe on a terminal", o, c)
		}
	}
	return got, problems
}

// model is all that a report says.
func model(r *report.Report) []byte {
	var out bytes.Buffer
	_ = r.WriteOSProfiler(&out) // which a Buffer does not fail
	fmt.Fprintf(&out, "%+v %+v", r.Stats, r.Warnings)
	for p := range r.All() {
		fmt.Fprintf(&out, " %+v", *p)
	}
	return out.Bytes()
}

func sameAtOnce(form report.Output, r *report.Report, want []byte) bool {
	const writers = 4
	same := make(chan bool, writers)
	for range writers {
		go func() {
			var out bytes.Buffer
			same <- form.Write(&out, r, report.Options{}) == nil && bytes.Equal(out.Bytes(), want)
		}()
	}
	all := true
	for range writers {
		all = <-same && all
	}
	return all
}

var errFull = errors.New("no room")

// full is a writer with room for so many bytes.
type full struct{ room int }

func (f *full) Write(b []byte) (int, error) {
	if len(b) > f.room {
		n := f.room
		f.room = 0
		return n, errFull
	}
	f.room -= len(b)
	return len(b), nil
}

// color is what chooses a colour on a terminal, or ends it.
var color = regexp.MustCompile(`\x1b\[[0-9;]*m`)

// steers finds anything but printable characters, tabs and newlines.
func steers(text []byte) (what string, found bool) {
	for i := 0; i < len(text); {
		c, size := utf8.DecodeRune(text[i:])
		switch {
		case c == utf8.RuneError && size == 1:
			return fmt.Sprintf("the byte %#x", text[i]), true
		case c != '\n' && c != '\t' && !unicode.IsPrint(c):
			return fmt.Sprintf("%U", c), true
		}
		i += size
	}
	return "", false
}
