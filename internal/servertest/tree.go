package servertest

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// tree lists a process and all its descendants, as /proc shows them. A process
// group is not enough: PostgreSQL gives each of its children its own.
func tree(pid int) []int {
	children := map[int][]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		child, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			continue
		}
		if _, parent, ok := stat(child); ok {
			children[parent] = append(children[parent], child)
		}
	}
	all := []int{pid}
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	return all
}

// stat reads a process's state letter and its parent.
func stat(pid int) (state byte, parent int, ok bool) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, 0, false
	}
	// pid (name) state ppid …; the name may hold anything.
	fields := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
	if len(fields) < 2 {
		return 0, 0, false
	}
	parent, err = strconv.Atoi(string(fields[1]))
	return fields[0][0], parent, err == nil
}

// signal sends sig to each process; those that are gone do not matter.
func signal(pids []int, sig syscall.Signal) {
	for _, pid := range pids {
		_ = kill(pid, sig)
	}
}

// await waits until every one of the processes has ended or is as want says. A
// zombie whose parent has not asked for it yet has ended.
func await(pids []int, want func(state byte) bool) bool {
	for end := time.Now().Add(patience); ; time.Sleep(2 * time.Millisecond) {
		all := true
		for _, pid := range pids {
			state, _, ok := stat(pid)
			all = all && (!ok || state == 'Z' || want(state))
		}
		if all {
			return true
		}
		if time.Now().After(end) {
			return false
		}
	}
}

func gone(byte) bool         { return false }
func frozen(state byte) bool { return state == 'T' }
func thawed(state byte) bool { return state != 'T' }
