package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// onTerminal calls the command with a terminal as its standard output and
// returns what that shows.
func onTerminal(t *testing.T, columns, lines int, args ...string) string {
	t.Helper()
	tt := newPTY(t, columns, lines)
	var stderr strings.Builder
	if code := run(t.Context(), args, streams{strings.NewReader(""), tt.File, &stderr}); code != exitFine || stderr.Len() > 0 {
		t.Errorf("exit %d, stderr %q", code, stderr.String())
	}
	return tt.end()
}

// TestPager: what is longer than the terminal goes through the pager that was
// chosen, and all else does not.
func TestPager(t *testing.T) {
	t.Setenv("OSPROFILER_CONNECTION_STRING", store(t))
	t.Setenv("NO_COLOR", "1")
	show := []string{"trace", "show", checkout}
	plain := onTerminal(t, 80, 50, show...)
	if !strings.HasPrefix(plain, "POST /checkout in cart, 90.0 ms, 1 point, 1 service\n") {
		t.Fatalf("%q", plain)
	}
	const mark = "sed 's/^/> /'" // a pager that can be recognised
	for name, tt := range map[string]struct {
		sonde, pager string // "-": not set
		lines        int
		more         []string
		want         string
	}{
		"long":                     {"-", mark, 5, nil, ">"},
		"ours goes first":          {mark, "cat", 5, nil, ">"},
		"as long as the screen":    {"-", mark, strings.Count(plain, "\n"), nil, ">"},
		"short":                    {"-", mark, strings.Count(plain, "\n") + 1, nil, ""},
		"none":                     {"", mark, 5, nil, ""},
		"--no-pager":               {"-", mark, 5, []string{"--no-pager"}, ""},
		"no such program":          {"-", "sonde-has-no-such-pager 2>/dev/null", 5, nil, ""},
		"one that ends with fault": {"-", mark + "; exit 3", 5, nil, ">"},
		"one that reads nothing":   {"-", "true", 5, nil, "nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			for variable, value := range map[string]string{"SONDE_PAGER": tt.sonde, "PAGER": tt.pager} {
				t.Setenv(variable, value)
				if value == "-" {
					os.Unsetenv(variable)
				}
			}
			got := onTerminal(t, 80, tt.lines, append(show, tt.more...)...)
			want := plain
			switch tt.want {
			case ">":
				want = "> " + strings.ReplaceAll(strings.TrimSuffix(plain, "\n"), "\n", "\n> ") + "\n"
			case "nothing":
				want = ""
			}
			if got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
	// A file, and what is not a terminal, need none.
	t.Setenv("SONDE_PAGER", "sed 's/^/> /'")
	file := filepath.Join(t.TempDir(), "out")
	if shown := onTerminal(t, 80, 5, append(show, "--out", file)...); shown != "" {
		t.Errorf("%q", shown)
	}
	if r := command(t, show...); strings.HasPrefix(r.out, ">") {
		t.Error(r.out)
	}
}
