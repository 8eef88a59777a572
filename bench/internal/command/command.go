// Package command builds the command of this checkout and measures it as a process.
package command

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// Build builds the command into a folder and returns its name.
func Build(folder string) (string, error) {
	name := filepath.Join(folder, "sonde")
	build := exec.Command("go", "build", "-o", name, "../cmd/sonde")
	build.Env = append(os.Environ(), "GOWORK=")
	build.Stderr = os.Stderr
	return name, build.Run()
}

// Usage is what a process has used.
type Usage struct {
	CPU, Wall time.Duration
	Memory    int64 // the most bytes that were resident
}

// Run runs a program to its end. Its output goes to out, nowhere if that is nil.
func Run(out io.Writer, name string, args ...string) (u Usage, err error) {
	c := exec.Command(name, args...)
	c.Stdout, c.Stderr = out, os.Stderr
	began := time.Now()
	if err := c.Run(); err != nil {
		return u, err
	}
	used := c.ProcessState.SysUsage().(*syscall.Rusage)
	return Usage{c.ProcessState.UserTime() + c.ProcessState.SystemTime(), time.Since(began), used.Maxrss << 10}, nil
}
