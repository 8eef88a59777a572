//go:build !unix

package profiler

import "os"

// controlC is the status STATUS_CONTROL_C_EXIT, as a process of Windows has it that
// does not handle Ctrl-C, or the end of the session.
const controlC = -0x3ffffec6

// raise ends the process as the signal would.
func raise(os.Signal) { os.Exit(controlC) }
