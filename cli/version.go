package cli

import (
	"runtime/debug"
	"strings"
)

// version is what --version prints: the version of the module sonde, that of the
// program's own module if it is somebody else's, and what version control says.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "sonde of an unknown version"
	}
	return versionOf(info)
}

const modulePath = "github.com/sonde-go/sonde"

func versionOf(info *debug.BuildInfo) string {
	var parts []string
	for _, m := range append(info.Deps, &info.Main) {
		if m.Path == modulePath {
			parts = append(parts, "sonde "+m.Version)
		}
	}
	if m := info.Main; m.Path != "" && !strings.HasPrefix(m.Path, modulePath) {
		parts = append(parts, strings.TrimSpace("in "+m.Path+" "+m.Version))
	}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			parts = append(parts, "revision "+s.Value)
		case s.Key == "vcs.time":
			parts = append(parts, "of "+s.Value)
		case s.Key == "vcs.modified" && s.Value == "true":
			parts = append(parts, "modified since")
		}
	}
	return strings.Join(append(parts, info.GoVersion), ", ")
}
