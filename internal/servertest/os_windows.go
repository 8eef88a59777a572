package servertest

import (
	"errors"
	"os"
	"syscall"
)

// Windows has neither these signals nor the servers, so there the tests that
// need a server are skipped before anything here is called.

type credential struct{ Uid, Gid uint32 }

const (
	stop     = syscall.Signal(19)
	carryOn  = syscall.Signal(18)
	killHard = syscall.SIGKILL
)

func attr(*credential) *syscall.SysProcAttr { return nil }

func kill(int, syscall.Signal) error { return errors.ErrUnsupported }

func lockFile(*os.File) error { return errors.ErrUnsupported }
