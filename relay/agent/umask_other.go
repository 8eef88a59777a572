//go:build !unix

package agent

func narrowUmask() (restore func()) { return func() {} }
