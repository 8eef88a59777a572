package relay

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

// givePagesBack unmaps the pages of the program's code that its start needed. This
// command has every driver, of which an agent that runs uses one or two; what it does use
// comes back from the page cache when it is next called. Data are left alone, since the
// loader may have changed them.
func givePagesBack() {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return
	}
	for line := range strings.Lines(string(maps)) {
		f := strings.Fields(line) // 00400000-01dc9000 r-xp 00000000 fe:00 123 /usr/bin/sonde
		if len(f) != 6 || f[1] != "r-xp" || f[5] != program {
			continue
		}
		from, to, _ := strings.Cut(f[0], "-")
		start, err1 := strconv.ParseUint(from, 16, 64)
		end, err2 := strconv.ParseUint(to, 16, 64)
		if err1 == nil && err2 == nil && start < end {
			_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, uintptr(start), uintptr(end-start), syscall.MADV_DONTNEED)
		}
	}
}
