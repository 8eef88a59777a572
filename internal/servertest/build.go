package servertest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// built returns a server that no package brings, built from the Go module in
// src/module. pkg is what to build there, "." or the import path of a command
// of a dependency. The program is kept in the user's cache folder until its
// module or the version of Go changes.
func built(t testing.TB, module, pkg string) string {
	t.Helper()
	short(t, filepath.Base(module)+" server")
	path, err := build(module, pkg)
	if err != nil {
		Missing(t, filepath.Base(module)+" server", fmt.Sprintf("building internal/servertest/src/%s failed: %v", module, err))
	}
	return path
}

func build(module, pkg string) (string, error) {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/sonde-go/sonde").Output()
	if err != nil {
		return "", err
	}
	src := filepath.Join(strings.TrimSpace(string(root)), "internal/servertest/src", module)
	sum, err := fingerprint(src, runtime.Version(), pkg)
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	cache = filepath.Join(cache, "sonde-servertest")
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	program := filepath.Join(cache, module+"-"+sum)

	// The tests of several packages run at once; one of them builds.
	lock, err := os.OpenFile(program+".lock", os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if err := lockFile(lock); err != nil {
		return "", err
	}
	if _, err := os.Stat(program); !errors.Is(err, fs.ErrNotExist) {
		return program, err
	}
	cmd := exec.Command("go", "build", "-mod=readonly", "-trimpath", "-ldflags=-s -w", "-o", program+".new", pkg)
	cmd.Dir = src
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return program, os.Rename(program+".new", program)
}

// fingerprint names what the files of dir and the texts make.
func fingerprint(dir string, texts ...string) (string, error) {
	h := sha256.New()
	fmt.Fprintf(h, "%q", texts)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%q %q", e.Name(), b)
	}
	return hex.EncodeToString(h.Sum(nil))[:16], nil
}
