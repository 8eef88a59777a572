package cli

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

// TestBinaryForms: what is not text is not written to a terminal, and nothing is read
// or asked before that is said.
func TestBinaryForms(t *testing.T) {
	t.Setenv("OSPROFILER_CONNECTION_STRING", store(t))
	t.Setenv("SONDE_HMAC_KEY", "key")
	for _, args := range []string{
		"trace show " + checkout + " --format pprof", "trace show " + checkout + " --format perfetto",
		"trace stats " + checkout + " --format pprof", "run --format pprof http://127.0.0.1:1/",
	} {
		tt := newPTY(t, 80, 24)
		var said bytes.Buffer
		code := run(t.Context(), strings.Fields(args), streams{strings.NewReader(""), tt.File, &said})
		if shown := tt.end(); shown != "" || code != exitFailed ||
			!strings.Contains(said.String(), " is not for a terminal: give --out FILE, or send it into a file or a pipe\n") || strings.Count(said.String(), "\n") != 1 {
			t.Errorf("%s: exit %d, %q, %q on the terminal", args, code, said.String(), shown)
		}
		if strings.HasPrefix(args, "run") {
			continue
		}
		tt = newPTY(t, 80, 24)
		said.Reset()
		code = run(t.Context(), append(strings.Fields(args), "--out", filepath.Join(t.TempDir(), "x")), streams{strings.NewReader(""), tt.File, &said})
		if shown := tt.end(); code != exitFine || said.Len() > 0 || shown != "" {
			t.Errorf("%s --out: exit %d, %q, %q on the terminal", args, code, said.String(), shown)
		}
	}
}
