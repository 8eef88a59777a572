//go:build unix

package profiler

import (
	"os"
	"syscall"
)

// raise sends the process a signal.
func raise(sig os.Signal) { _ = syscall.Kill(os.Getpid(), sig.(syscall.Signal)) }
