package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSecrets gives URLs and keys by every way that keeps them off the command
// line.
func TestSecrets(t *testing.T) {
	url := store(t)
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return "@" + path
	}
	t.Setenv("STORE", url)
	t.Setenv("KEY", "first, other")
	t.Setenv("COPY", "file://"+dir+"/copy.jsonl")
	t.Setenv("EMPTY", "")
	urlFile, keyFile := file("url", url+"\n"), file("key", "first,other\r\n")
	two, empty := file("two", "secret1\nsecret2\n"), file("empty", "\n")

	for _, given := range []string{"env:STORE", urlFile} {
		r := command(t, "trace", "list", "--connection-string", given)
		r.checkFine(t, "")
		if !strings.Contains(r.out, checkout) {
			t.Errorf("%s: %s", given, r.out)
		}
		r = command(t, "trace", "copy", "--from", given, "--to", "env:COPY", checkout)
		r.checkFine(t, "")
		if r.out != "copied 1 trace, 2 records\n" {
			t.Errorf("%s: %s", given, r.out)
		}
		command(t, "trace", "copy", "--from", given, "--to", url, "--all").checkFails(t, exitFailed, "same store")
		command(t, "check", "--connection-string", given).checkFine(t, "")
	}
	signed := strings.NewReplacer("-H X-Trace-Info:", "", "-H X-Trace-HMAC:", "").Replace(command(t, "headers", "--hmac-key", "first").out)
	info, mac, _ := strings.Cut(strings.TrimSpace(signed), " ")
	for _, given := range []string{"env:KEY", keyFile} {
		r := command(t, "headers", "verify", "--hmac-key", given, "--info", info, "--hmac", mac)
		r.checkFine(t, "")
		if !strings.HasSuffix(r.out, "signed with the first key\n") {
			t.Error(r.out)
		}
	}
	// The environment's own variables hold the value itself.
	t.Setenv("SONDE_HMAC_KEY", "@literal")
	if r := command(t, "headers"); r.code != exitFine {
		t.Errorf("%+v", r)
	}
	t.Setenv("OSPROFILER_CONNECTION_STRING", "memory://not-this-one")
	t.Setenv("OS_PROFILER__CONNECTION_STRING", url)
	if r := command(t, "trace", "list"); !strings.Contains(r.out, checkout) {
		t.Errorf("%+v", r)
	}

	for given, want := range map[string]string{
		"env:SURELY_NOT_SET": "no environment variable SURELY_NOT_SET",
		"env:EMPTY":          "is empty",
		"@" + dir + "/none":  "none: no such file",
		"@" + dir:            "is a directory",
		two:                  "has more than one line",
		empty:                "is empty",
	} {
		for flag, args := range map[string][]string{
			"--connection-string": {"trace", "list"},
			"--transport-url":     {"trace", "list"},
			"--hmac-key":          {"headers"},
			"--user":              {"run", "http://h"},
			"--from":              {"trace", "copy", "--all", "--to", "memory://x"},
			"--to":                {"trace", "copy", "--all", "--from", "memory://x"},
		} {
			command(t, append(args, flag, given)...).checkFails(t, exitUsage, "^sonde: "+flag+": .*"+want)
		}
	}
}

// TestHelpOfSecrets: each flag that may hold a secret says how it is kept off
// the command line.
func TestHelpOfSecrets(t *testing.T) {
	for _, args := range [][]string{{"run"}, {"check"}, {"headers", "sign"}, {"trace", "list"}, {"trace", "show"}, {"trace", "copy"}, {"trace", "prune"}} {
		if r := command(t, append(args, "--help")...); !strings.Contains(r.out, "env:NAME") || !strings.Contains(r.out, "@FILE") {
			t.Errorf("%v: %s", args, r.out)
		}
	}
}

// TestNoDoubledPrefix: an error of the root package begins with "sonde: " too.
func TestNoDoubledPrefix(t *testing.T) {
	t.Setenv("OS_PROFILER__ENABLED", "perhaps")
	for _, args := range [][]string{{"trace", "list"}, {"check"}, {"trace", "copy", "--all", "--from", "memory://a", "--to", "memory://b"}} {
		command(t, args...).checkFails(t, exitFailed, "^sonde: OS_PROFILER__ENABLED is neither true nor false$")
	}
	os.Unsetenv("OS_PROFILER__ENABLED")
	command(t, "check", "--config", "/nothing/there").checkFails(t, exitFailed, "^sonde: open /nothing/there")
}
