package findings

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Acceptance says that somebody knows of a finding and lives with it.
type Acceptance struct {
	Signature string    // of the finding
	By        string    // who has accepted it: one word
	On        time.Time // the day, UTC
	Until     time.Time // the last day on which it holds, UTC; zero: it holds for good
	Why       string
	Line      int // where it stands in its file, from 1
}

// noDay stands where an acceptance has no end.
const noDay = "-"

// String is the line of a in a file.
func (a Acceptance) String() string {
	until := noDay
	if !a.Until.IsZero() {
		until = a.Until.Format(time.DateOnly)
	}
	return strings.Join([]string{QuoteSignature(a.Signature), a.By, a.On.Format(time.DateOnly), until, a.Why}, " ")
}

// Expired says whether a holds no more.
func (a Acceptance) Expired(now time.Time) bool {
	return !a.Until.IsZero() && !now.Before(a.Until.AddDate(0, 0, 1))
}

// Accepting is what [Options] want of a list: the reasons of those that hold, by
// signature. It is not nil.
func Accepting(list []Acceptance, now time.Time) map[string]string {
	holding := make(map[string]string, len(list))
	for _, a := range list {
		if !a.Expired(now) {
			holding[a.Signature] = a.Why
		}
	}
	return holding
}

// QuoteSignature writes a signature as a file of acceptances has it: as it is, or,
// if it holds anything but visible ASCII without quotes, bars and backslashes, as a
// string of Go, which needs no escape in a terminal or a table.
func QuoteSignature(signature string) string {
	plain := func(c rune) bool { return '!' <= c && c <= '~' && !strings.ContainsRune("\"`|\\", c) }
	if signature != "" && signature[0] != '#' && !strings.ContainsFunc(signature, func(c rune) bool { return !plain(c) }) {
		return signature
	}
	return strings.NewReplacer("|", `\x7c`, "`", `\x60`).Replace(strconv.QuoteToASCII(signature))
}

// ReadAcceptances reads a file of acceptances. Each line is one: the signature, who,
// the day, the last day or "-", and why, with blanks between them. Lines that are
// empty or begin with "#" say nothing. A signature stands once. Lines are at most
// 64 KiB long.
func ReadAcceptances(from io.Reader) (list []Acceptance, err error) {
	seen := map[string]int{}
	lines := bufio.NewScanner(from)
	n := 0
	for lines.Scan() {
		n++
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		a, err := parseAcceptance(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if first, ok := seen[a.Signature]; ok {
			return nil, fmt.Errorf("line %d: line %d has accepted %s already", n, first, QuoteSignature(a.Signature))
		}
		seen[a.Signature] = n
		a.Line = n
		list = append(list, a)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", n+1, err)
	}
	return list, nil
}

func parseAcceptance(line string) (a Acceptance, err error) {
	quoted := ""
	if line[0] != '"' {
		a.Signature, line = word(line)
	} else if quoted, err = strconv.QuotedPrefix(line); err == nil {
		a.Signature, err = strconv.Unquote(quoted)
		line = line[len(quoted):]
	}
	if err != nil || !strings.Contains(a.Signature, ":") {
		return a, fmt.Errorf("want the signature of a finding, such as slow:shop:3dccc4753a4d, first")
	}
	a.By, line = word(line)
	on, line := word(line)
	until, why := word(line)
	if a.Why = strings.TrimSpace(why); a.Why == "" {
		return a, fmt.Errorf("want a signature, who, the day, the last day or -, and why")
	}
	if a.On, err = time.Parse(time.DateOnly, on); err != nil {
		return a, fmt.Errorf("%q is no day such as 2026-11-21", on)
	}
	if until == noDay {
		return a, nil
	}
	if a.Until, err = time.Parse(time.DateOnly, until); err != nil || a.Until.IsZero() {
		return a, fmt.Errorf("%q is neither a last day such as 2027-03-01 nor -", until)
	}
	return a, nil
}

// word is the first of a line, and what follows.
func word(line string) (first, rest string) {
	line = strings.TrimLeftFunc(line, unicode.IsSpace)
	if i := strings.IndexFunc(line, unicode.IsSpace); i >= 0 {
		return line[:i], line[i:]
	}
	return line, ""
}

// accept marks the findings that somebody has accepted, and puts them last.
func accept(list []Finding, accepted map[string]string) {
	for i := range list {
		list[i].Why, list[i].Accepted = accepted[list[i].Signature]
	}
	slices.SortStableFunc(list, func(a, b Finding) int {
		switch {
		case a.Accepted == b.Accepted:
			return 0
		case b.Accepted:
			return -1
		}
		return 1
	})
}

// Standing are the findings that nobody has accepted.
func (r *Result) Standing() []Finding {
	if i := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.Accepted }); i >= 0 {
		return r.Findings[:i:i]
	}
	return r.Findings
}
