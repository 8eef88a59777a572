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

		// Emoji of several characters stay whole.
		"👨\u200d👩\u200d👧 👩🏻\u200d❤️\u200d💋\u200d👨🏻": "👨\u200d👩\u200d👧 👩🏻\u200d❤️\u200d💋\u200d👨🏻",
		"🏳️\u200d🌈 🙂\u200d↔️ 1️⃣ 🇩🇪🇫🇷 👍🏽":           "🏳️\u200d🌈 🙂\u200d↔️ 1️⃣ 🇩🇪🇫🇷 👍🏽",
		england + "x" + scotland + wales:            england + "x" + scotland + wales,
		// Joiners and tags that join nothing have no shape.
		"a\u200db 👨\u200d \u200d👩 👨\u200d\u200d👩 \u200d": "a�b 👨� �👩 👨��👩 �",
		"👨\u200d👨\u200d👨\u200d👨\u200d👨":                  "👨\u200d👨\u200d👨\u200d👨�👨",
		"🏴\U000e0067\U000e0062":                          "🏴��",
		"x" + strings.TrimPrefix(england, "🏴"):           "x������",
		"क्\u200dष":                                      "क्�ष",
	} {
		if got := Clean(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// The flags that are written with tags.
const (
	england  = "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
	scotland = "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
	wales    = "🏴\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f"
)

func TestWidth(t *testing.T) {
	for in, want := range map[string]int{
		"": 0, "abc": 3, "é": 1, "e\u0301": 1, "中文": 4, "ﾊ": 1, "각": 2, "\u1100\u1161\u11a8": 2, "…│└█─✗×µ�": 9,
		"─│█░▟…×µ→≤": 10, "…\u0301→": 2, "#\ufe0f\u20e3": 2,
		"🎉": 2, "❤": 1, "❤\ufe0f": 2, "☎\ufe0f": 2, "1\ufe0f\u20e3": 2, "👍🏽": 2, "🇩🇪": 2, "🇩🇪🇫🇷": 4,
		"👨\u200d👩\u200d👧": 2, "👩🏻\u200d❤️\u200d💋\u200d👨🏻": 2, "🏳️\u200d🌈": 2, england: 2, "a🏳️\u200d🌈b": 4,
	} {
		if got := Width(in); got != want {
			t.Errorf("%q takes %d columns, want %d", in, got, want)
		}
	}
}

func TestCut(t *testing.T) {
	for _, tt := range []struct {
		in      string
		columns int
		want    string
	}{
		{"abc", 5, "abc"}, {"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"ab cd", 4, "ab…"}, {"abc", 1, "…"}, {"abc", 0, ""},
		{"中文字", 6, "中文字"}, {"中文字", 5, "中文…"}, {"中文字", 4, "中…"}, {"🎉🎉", 3, "🎉…"},
		{"👨\u200d👩\u200d👧👨\u200d👩\u200d👧", 3, "👨\u200d👩\u200d👧…"}, {"👨\u200d👩\u200d👧x", 3, "👨\u200d👩\u200d👧x"}, {"🇩🇪🇫🇷", 3, "🇩🇪…"}, {"🇩🇪", 3, "🇩🇪"}, {"❤️❤️", 2, "…"},
		{"e\u0301e\u0301", 2, "e\u0301e\u0301"},
	} {
		if got := Cut(tt.in, tt.columns); got != tt.want {
			t.Errorf("Cut(%q, %d) = %q, want %q", tt.in, tt.columns, got, tt.want)
		}
	}
}

func TestCutMiddle(t *testing.T) {
	for _, tt := range []struct {
		in      string
		columns int
		want    string
	}{
		{"abcdefghijkl", 12, "abcdefghijkl"}, {"abcdefghijkl", 10, "abcdef…jkl"}, {"abcdefghijkl", 7, "abcdef…"}, {"abcdefghijkl", 0, ""},
		{"abcde fghi jkl", 10, "abcde…jkl"}, {"中文字中文字中文字", 11, "中文字…文字"}, {"SELECT price FROM items WHERE sku = $1", 20, "SELECT price…ku = $1"},
	} {
		if got := CutMiddle(tt.in, tt.columns); got != tt.want {
			t.Errorf("CutMiddle(%q, %d) = %q, want %q", tt.in, tt.columns, got, tt.want)
		}
	}
}

// FuzzClean holds that nothing that a terminal would act on gets through, and
// that a line is as wide as was asked for.
func FuzzClean(f *testing.F) {
	f.Add("\x1b]0;title\x07 \u202e中", 4)
	f.Add("👨\u200d👩\u200d👧\u200d❤️\u200d🇩🇪🇫1️⃣ "+england, 5)
	f.Add("0\u200d\xe2", 3)
	f.Add("a\u200d👩\u200d\u200d🏴\U000e0067\u0301\u0301\u0301\u200d👩", 2)
	f.Fuzz(func(t *testing.T, s string, columns int) {
		clean := Clean(s)
		if !utf8.ValidString(clean) || Clean(clean) != clean {
			t.Fatalf("%q became %q", s, clean)
		}
		shapes := strings.NewReplacer(england, "", scotland, "", wales, "").Replace(clean)
		for i, r := range shapes {
			if after, _ := utf8.DecodeRuneInString(shapes[i+utf8.RuneLen(r):]); r == joiner && unicode.IsSymbol(after) {
				continue
			}
			if !unicode.IsPrint(r) {
				t.Fatalf("%q became %q with %U", s, clean, r)
			}
		}
		columns = max(0, columns%100)
		for _, got := range []string{Cut(clean, columns), CutMiddle(clean, columns)} {
			if Width(got) > columns || Clean(got) != got {
				t.Fatalf("%q in %d columns is %q of %d", clean, columns, got, Width(got))
			}
		}
		if strings.ContainsAny(clean, "\x1b\n\r\u202e") {
			t.Fatalf("%q", clean)
		}
	})
}
