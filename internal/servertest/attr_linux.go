package servertest

import "syscall"

// attr puts a server into a process group of its own and has the kernel kill
// it when the test program dies without cleaning up.
func attr(cred *credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, Credential: cred}
}
