package systemd

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/internal/servertest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hardened is what each service has.
var hardened = []string{
	"DynamicUser=true", "NoNewPrivileges=true", "CapabilityBoundingSet=", "ProtectSystem=strict", "ProtectHome=true",
	"PrivateTmp=true", "PrivateDevices=true", "RestrictNamespaces=true", "MemoryDenyWriteExecute=true",
	"SystemCallFilter=@system-service", "SystemCallFilter=~@privileged @resources", "Restart=always", "TimeoutStopSec=30s",
}

// known are the directives of systemd.unit, .service, .socket and .exec(5) that the
// units use, as they are spelled there.
var known = strings.Fields(`Description Documentation Requires After Wants WantedBy
	ListenStream SocketGroup SocketMode DirectoryMode RemoveOnStop
	EnvironmentFile ExecStart Restart RestartSec TimeoutStopSec StateDirectory StateDirectoryMode MemoryMax
	DynamicUser NoNewPrivileges CapabilityBoundingSet AmbientCapabilities ProtectSystem ProtectHome PrivateTmp PrivateDevices
	ProtectClock ProtectHostname ProtectKernelLogs ProtectKernelModules ProtectKernelTunables ProtectControlGroups ProtectProc ProcSubset
	RestrictAddressFamilies RestrictNamespaces RestrictRealtime RestrictSUIDSGID LockPersonality MemoryDenyWriteExecute RemoveIPC
	SystemCallArchitectures SystemCallFilter SystemCallErrorNumber UMask LimitNOFILE`)

func units(t *testing.T) []string {
	t.Helper()
	services, err := filepath.Glob("*.service")
	if err != nil {
		t.Fatal(err)
	}
	sockets, err := filepath.Glob("*.socket")
	if err != nil || len(services) != 2 || len(sockets) != 1 {
		t.Fatal(services, sockets, err)
	}
	return append(services, sockets...)
}

func TestUnits(t *testing.T) {
	for _, unit := range units(t) {
		f, err := os.Open(unit)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		var lines []string
		for s := bufio.NewScanner(f); s.Scan(); {
			line := s.Text()
			if line == "" || line[0] == '#' || line[0] == '[' {
				continue
			}
			lines = append(lines, line)
			if name, _, ok := strings.Cut(line, "="); !ok || !slices.Contains(known, name) {
				t.Errorf("%s: %q is no directive", unit, line)
			}
		}
		if strings.HasSuffix(unit, ".service") {
			if !slices.ContainsFunc(lines, func(l string) bool {
				return strings.HasPrefix(l, "ExecStart=") && strings.HasSuffix(l, " $OPTIONS")
			}) {
				t.Errorf("%s takes no other flags", unit)
			}
			for _, want := range hardened {
				if !slices.Contains(lines, want) {
					t.Errorf("%s has no %q", unit, want)
				}
			}
		}
	}
}

// TestVerified: systemd itself finds nothing wrong, where it is at hand.
func TestVerified(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if errors.Is(err, exec.ErrNotFound) {
		servertest.Missing(t, "systemd-analyze", "apt-get install systemd")
	}
	// The program that the units start need not be on this machine.
	dir := t.TempDir()
	for _, unit := range units(t) {
		text, err := os.ReadFile(unit)
		if err != nil {
			t.Fatal(err)
		}
		at := filepath.Join(dir, unit)
		if err := os.WriteFile(at, []byte(strings.ReplaceAll(string(text), "/usr/local/bin/sonde", "/bin/true")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, unit := range units(t) {
		cmd := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", "--recursive-errors=no", filepath.Join(dir, unit))
		cmd.Env = append(os.Environ(), "SYSTEMD_UNIT_PATH="+dir+":")
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", unit, err, out)
		}
	}
}
