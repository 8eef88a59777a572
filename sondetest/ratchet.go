package sondetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"
	"testing"
	"time"
)

// Known names a file with the violations that are known of old code, each with who
// accepted it, when and why, one JSON object a line:
//
//	{"test":"TestCart","rule":"repeated","what":"db SELECT * FROM products WHERE id = ?","count":5,"who":"ana","when":"2026-11-21","why":"goes with the old cart, #712"}
//
// What the file knows does not fail its test, up to its count. It can only shrink:
// a violation that has gone or become smaller fails the test until the file says
// so, which an update sees to (see [Trace.Golden]). An update adds nothing: what is
// not known fails, with the line to add by hand. A file that does not exist knows
// nothing. A test has one Recorder for a file.
func Known(file string) Option {
	return func(o *options) { o.known = file }
}

// known is one line of the file.
type known struct {
	Test  string `json:"test"`
	Rule  string `json:"rule"`
	What  string `json:"what"`
	Count int    `json:"count"`
	Who   string `json:"who"`
	When  string `json:"when"`
	Why   string `json:"why"`
}

type violationID struct{ rule, what string }

// ratchet is what a file knows of one test, and what the test has found.
type ratchet struct {
	file   string
	known  map[violationID]int
	judged map[string]bool     // rules
	most   map[violationID]int // greatest count
}

// openRatchet reads a file, and compares it with what was found when t ends.
func openRatchet(t testing.TB, file string) *ratchet {
	t.Helper()
	files.Lock()
	lines, err := readKnown(file)
	files.Unlock()
	if err != nil {
		t.Fatalf("sondetest: %v", err)
	}
	r := &ratchet{file: file, known: map[violationID]int{}, judged: map[string]bool{}, most: map[violationID]int{}}
	for _, l := range lines {
		if l.Test == t.Name() {
			r.known[violationID{l.Rule, l.What}] = l.Count
		}
	}
	t.Cleanup(func() { r.settle(t) })
	return r
}

// judge returns what is not known of found, or more often than that.
func (r *ratchet) judge(t testing.TB, rule string, found []violation) (unknown []violation) {
	r.judged[rule] = true
	for _, v := range found {
		id := violationID{rule, v.what}
		r.most[id] = max(r.most[id], v.count)
		if v.count <= r.known[id] {
			continue
		}
		if n := r.known[id]; n > 0 {
			v.message += fmt.Sprintf("\n%s knows of %d only", r.file, n)
		} else {
			v.message += fmt.Sprintf("\nto accept it, fill in this line and add it to %s:\n%s", r.file,
				known{Test: t.Name(), Rule: rule, What: v.what, Count: v.count, When: time.Now().Format(time.DateOnly)}.line())
		}
		unknown = append(unknown, v)
	}
	return unknown
}

// settle fails t, or shrinks the file, where it knows more than there is. A test
// that did not come to its end has not seen all.
func (r *ratchet) settle(t testing.TB) {
	if t.Failed() || t.Skipped() {
		return
	}
	shrunk := map[violationID]bool{}
	for id, count := range r.known {
		if r.judged[id.rule] && r.most[id] < count {
			shrunk[id] = true
		}
	}
	if len(shrunk) == 0 {
		return
	}
	if updating() {
		if err := r.shrink(t.Name(), shrunk); err != nil {
			t.Errorf("sondetest: %v", err)
		}
		return
	}
	for id := range shrunk {
		t.Errorf("sondetest: %s knows of ×%d (%s) %s, and there is only ×%d: run the test with %s",
			r.file, r.known[id], id.rule, id.what, r.most[id], howToUpdate)
	}
}

// files is held while a file is read or written: tests run at once.
var files sync.Mutex

func (r *ratchet) shrink(test string, shrunk map[violationID]bool) error {
	files.Lock()
	defer files.Unlock()
	lines, err := readKnown(r.file)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	for _, l := range lines {
		if id := (violationID{l.Rule, l.What}); l.Test == test && shrunk[id] {
			l.Count = min(l.Count, r.most[id])
		}
		if l.Count > 0 {
			out.Write(l.line())
		}
	}
	return writeFile(r.file, out.Bytes())
}

// readKnown reads a file, nothing if there is none.
func readKnown(file string) (lines []known, err error) {
	data, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	seen := map[[3]string]bool{}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	for n := 1; ; n++ {
		var l known
		switch err := dec.Decode(&l); {
		case errors.Is(err, io.EOF):
			return lines, nil
		case err != nil:
			return nil, fmt.Errorf("%s: entry %d: %w", file, n, err)
		case slices.Contains([]string{l.Test, l.Rule, l.Who, l.When, l.Why}, "") || l.Count < 1:
			return nil, fmt.Errorf("%s: entry %d needs a test, a rule, a count above 0, and who accepted it, when and why", file, n)
		}
		id := [3]string{l.Test, l.Rule, l.What}
		if seen[id] {
			return nil, fmt.Errorf("%s: entry %d says again what an earlier one says", file, n)
		}
		seen[id] = true
		lines = append(lines, l)
	}
}

// line is l as it stands in the file, its end included.
func (l known) line() []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(l) // strings and a number always encode
	return b.Bytes()
}
