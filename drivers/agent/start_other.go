//go:build !unix || solaris || illumos || aix

package agent

import (
	"context"
	"errors"
	"os/exec"
)

func lock(context.Context, string) (unlock func(), err error) {
	return nil, errors.New("start=true needs a Unix system; start the agent as a service of this one")
}

func detach(*exec.Cmd) {}
