package terminal

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"":                          "",
		"plain text":                "plain text",
		" SELECT *\n\t FROM  x\r\n": "SELECT * FROM x",
		"\x1b[31mred\x1b[0m":        "�[31mred�[0m",
		"a\x00b\x07c\x7fd\u009be":   "a�b�c�d�e",
		"abc\u202etxt.exe":          "abc�txt.exe",
		"\u2066x\u2069\u200b\ufeff": "�x���",
		"line\u2028two\u0085three":  "line two three",
		"a\xffb":                    "a�b",
		"caf\u00e9 中文 🎉":            "café 中文 🎉",
		"e\u0301":                   "e\u0301",
		"z\u0300\u0301\u0302\u0303": "z\u0300\u0301",
		"\ue000\U000e0001":          "��",
	} {
		if got := Clean(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestFit(t *testing.T) {
	for _, tt := range []struct {
		in      string
		columns int
		want    string
	}{
		{"abc", 5, "abc  "}, {"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"ab cd", 4, "ab… "}, {"abc", 1, "…"}, {"abc", 0, ""},
		{"中文字", 6, "中文字"}, {"中文字", 5, "中文…"}, {"中文字", 4, "中… "}, {"🎉🎉", 3, "🎉…"}, {"e\u0301e\u0301", 2, "e\u0301e\u0301"},
	} {
		if got := Left(tt.in, tt.columns); got != tt.want {
			t.Errorf("Left(%q, %d) = %q, want %q", tt.in, tt.columns, got, tt.want)
		}
	}
	if got := Right("12", 4); got != "  12" {
		t.Errorf("%q", got)
	}
}

// FuzzClean holds that nothing that a terminal would act on gets through, and
// that a line is as wide as was asked for.
func FuzzClean(f *testing.F) {
	f.Add("\x1b]0;title\x07 \u202e中", 4)
	f.Fuzz(func(t *testing.T, s string, columns int) {
		clean := Clean(s)
		if !utf8.ValidString(clean) || Clean(clean) != clean {
			t.Fatalf("%q became %q", s, clean)
		}
		for _, r := range clean {
			if !unicode.IsPrint(r) {
				t.Fatalf("%q became %q with %U", s, clean, r)
			}
		}
		columns = max(0, columns%100)
		if got := Left(clean, columns); Width(got) != columns {
			t.Fatalf("Left(%q, %d) = %q of %d columns", clean, columns, got, Width(got))
		}
		if strings.ContainsAny(clean, "\x1b\n\r\u202e") {
			t.Fatalf("%q", clean)
		}
	})
}
