package text

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/internal/terminal"
)

func TestParagraph(t *testing.T) {
	for _, tt := range []struct {
		words string
		most  int
		want  string
	}{
		{"one two three four", 9, "xx one two\n   three four\n"},
		{"one two three four", 1, "xx one two t…\n"},
		{"it took 4.00 s", 9, "xx it took\n   4.00 s\n"},
		{"it is 4.00 s, 80 %; so", 9, "xx it is\n   4.00 s,\n   80 %; so\n"},
		{"abcdefghijklmno", 9, "xx abcdefghij\n   klmno\n"},
		{"one", 9, "xx one\n"},
		{"", 9, "xx\n"},
	} {
		s := screen{width: 13}
		s.left(3, fixed(plain, "xx"))
		s.paragraph(plain, tt.words, tt.most)
		if got := s.out.String(); got != tt.want {
			t.Errorf("%q is %q, want %q", tt.words, got, tt.want)
		}
	}
}

func TestPlace(t *testing.T) {
	for want, cells := range map[string][]cell{
		"├ GetProduct, max 1 ms":    {fixed(dim, "├ "), flex(bold, "GetProduct"), fixed(dim, ", max 1 ms")},
		"├ abcdef…stuv, max 1 ms":   {fixed(dim, "├ "), flex(bold, "abcdefghijklmnopqrstuv"), fixed(dim, ", max 1 ms")},
		"├ abcdef…, max 100,000…":   {fixed(dim, "├ "), flex(bold, "abcdefghijklmnopqrstuv"), fixed(dim, ", max 100,000.0 ms")},
		"POST / in shop, 4 points":  {flex(bold, "POST /"), fixed(plain, " in shop"), fixed(plain, ", 4 points")},
		"123456789012345678901234…": {fixed(plain, strings.Repeat("1234567890", 3))},
	} {
		s := screen{width: 25}
		s.left(23, cells...)
		s.end()
		got := strings.TrimSuffix(s.out.String(), "\n")
		if terminal.Width(want) > 23 { // the line has two columns more
			s = screen{width: 25}
			s.line(cells...)
			got = strings.TrimSuffix(s.out.String(), "\n")
		}
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestScreenKeepsToItsColumns: whatever is placed, columns begin where they are
// meant to, and no line ends in a blank or is too wide.
func TestScreenKeepsToItsColumns(t *testing.T) {
	texts := []string{"", "x", "中文字中文字中文字", strings.Repeat("word ", 9), "👨\u200d👩\u200d👧👨\u200d👩\u200d👧", "e\u0301e\u0301e\u0301"}
	for _, a := range texts {
		for _, b := range texts {
			for columns := range 12 {
				s := screen{width: 30}
				s.left(columns, fixed(plain, a), flex(plain, b))
				s.put(fixed(plain, "|"))
				s.right(columns, fixed(plain, b))
				s.put(fixed(plain, "|"), flex(plain, a))
				s.end()
				line := strings.TrimSuffix(s.out.String(), "\n")
				if before, _, _ := strings.Cut(line, "|"); terminal.Width(before) != columns || terminal.Width(line) > 30 || strings.HasSuffix(line, " ") {
					t.Errorf("%q and %q in %d columns: %q", a, b, columns, fmt.Sprint(line))
				}
			}
		}
	}
}
