//go:build unix

package servertest

import (
	"os"
	"syscall"
)

// credential is whom a server runs as; nil means the test's user.
type credential = syscall.Credential

const (
	stop     = syscall.SIGSTOP
	carryOn  = syscall.SIGCONT
	killHard = syscall.SIGKILL
)

func kill(pid int, sig syscall.Signal) error { return syscall.Kill(pid, sig) }

// lockFile waits until no other process has locked f.
func lockFile(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX) }
