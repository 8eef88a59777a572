//go:build unix

package agent

import "syscall"

// narrowUmask makes what is created until restore is called the owner's alone.
func narrowUmask() (restore func()) {
	old := syscall.Umask(0o177)
	return func() { syscall.Umask(old) }
}
