//go:build unix && !linux

package servertest

import "syscall"

// attr puts a server into a process group of its own.
func attr(cred *credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: cred}
}
