package cli

import (
	"runtime/debug"
	"slices"
	"strings"
	"testing"
)

func TestUpstreamWords(t *testing.T) {
	for given, want := range map[string]string{
		"trace list --error-trace":                 "trace list --error-trace",
		"trace list --error-trace True":            "trace list --error-trace=true",
		"trace list --error-trace 1 --limit 5":     "trace list --error-trace=true --limit 5",
		"trace list --error-trace False":           "trace list --error-trace=false",
		"trace list --error-trace=True":            "trace list --error-trace=true",
		"trace list --error-trace=No":              "trace list --error-trace=false",
		"trace list --error-trace --limit 1":       "trace list --error-trace --limit 1",
		"trace list --error-trace perhaps":         "trace list --error-trace perhaps",
		"trace list --error-trace=perhaps --limit": "trace list --error-trace=perhaps --limit",
		"trace list --service True":                "trace list --service True",
	} {
		if got := upstreamWords(strings.Fields(given)); !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%s: %v", given, got)
		}
	}
}

// TestUpstreamHabits: what a user of osprofiler types means the same here.
func TestUpstreamHabits(t *testing.T) {
	t.Setenv("OSPROFILER_CONNECTION_STRING", store(t))
	all := command(t, "trace", "list")
	all.checkFine(t, "")
	if r := command(t, "trace", "list", "--error-trace", "False"); r != all {
		t.Errorf("%+v", r)
	}
	if r := command(t, "trace", "list", "--error-trace", "True"); r == all || r.code != exitFine {
		t.Errorf("%+v", r)
	}
	command(t, "trace", "show", checkout, "--json", "--idle-timeout", "1").checkFine(t, "")
	command(t, "trace", "show", checkout, "--idle-timeout", "soon").checkFails(t, exitFailed, "idle_timeout is not a duration")
}

// TestOneEnvironment: the command reads the key and the store as a service does,
// whatever they are called, and says what is wrong with them.
func TestOneEnvironment(t *testing.T) {
	for _, name := range []string{"OSPROFILER_HMAC_KEYS", "OS_PROFILER__HMAC_KEYS", "SONDE_HMAC_KEY"} {
		t.Setenv(name, "SECRET_KEY")
		command(t, "headers", "--base-id", checkout).checkFine(t, "trace "+checkout+"\n")
		r := command(t, "check", "--connection-string", "memory://")
		if r.code != exitFailed || !strings.Contains(r.out, "FAIL "+name+": ") || !strings.Contains(r.out, "-O allow_default_key=true") {
			t.Errorf("%+v", r)
		}
		r = command(t, "check", "--connection-string", "memory://", "-O", "allow_default_key=true")
		if r.code != exitFine || !strings.Contains(r.out, "can be guessed") {
			t.Errorf("%+v", r)
		}
	}
	t.Setenv("OS_PROFILER__CONECTION_STRING", "memory://")
	command(t, "trace", "list").checkFails(t, exitFailed, "OS_PROFILER__CONECTION_STRING.*did you mean OS_PROFILER__CONNECTION_STRING")
}

func TestVersion(t *testing.T) {
	r := command(t, "--version")
	r.checkFine(t, "")
	if r.out != version()+"\n" || !strings.HasPrefix(r.out, "sonde ") {
		t.Errorf("%q", r.out)
	}
	git := []debug.BuildSetting{{Key: "vcs.revision", Value: "4f1c"}, {Key: "vcs.time", Value: "2026-11-20T08:00:00Z"}, {Key: "vcs.modified", Value: "true"}}
	for want, info := range map[string]debug.BuildInfo{
		"sonde v1.2.3, go1.26": {GoVersion: "go1.26", Main: debug.Module{Path: modulePath + "/cmd", Version: "v1.2.4"}, Deps: []*debug.Module{{Path: modulePath, Version: "v1.2.3"}}},
		"sonde v1.2.3, in example.com/traces (devel), revision 4f1c, of 2026-11-20T08:00:00Z, modified since, go1.26": {
			GoVersion: "go1.26", Main: debug.Module{Path: "example.com/traces", Version: "(devel)"}, Deps: []*debug.Module{{Path: "example.com/x"}, {Path: modulePath, Version: "v1.2.3"}}, Settings: git},
		"sonde (devel), go1.26": {GoVersion: "go1.26", Main: debug.Module{Path: modulePath, Version: "(devel)"}},
	} {
		if got := versionOf(&info); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
