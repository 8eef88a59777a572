package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"
)

// cost is what a shop has used since it began.
type cost struct {
	CPU        time.Duration // user and system
	Resident   uint64        // bytes now
	Heap       uint64        // bytes that are live after a collection
	Goroutines int
	Account    account
}

// serve runs a shop until standard input ends, so that it does not outlive the
// program that started it, and prints the URLs of the shop and of its cost.
func serve(with string) error {
	var t tools
	switch with {
	case "nothing":
		t = plain()
	case "sonde":
		t = sonde(false)
	case "sonde, a faulty sink":
		t = sonde(true)
	case "OpenTelemetry":
		t = openTelemetry()
	default:
		return fmt.Errorf("no shop with %s", with)
	}
	s, err := openShop(t)
	if err != nil {
		return err
	}
	costURL, err := s.listen(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/close" {
			if err := t.close(r.Context()); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
		}
		_ = json.NewEncoder(w).Encode(measure(t))
	}))
	if err != nil {
		return err
	}
	fmt.Println(s.url, costURL)
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	s.close()
	return nil
}

// measure collects garbage first, so that each measurement begins with a clean heap
// and memory that is not used any more is not counted.
func measure(t tools) cost {
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return cost{time.Duration(u.Utime.Nano() + u.Stime.Nano()), resident(), m.HeapAlloc, runtime.NumGoroutine(), t.account()}
}

// resident is VmRSS of Linux, or zero.
func resident() uint64 {
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		var kb uint64
		if n, _ := fmt.Sscanf(line, "VmRSS: %d kB", &kb); n == 1 {
			return kb << 10
		}
	}
	return 0
}

// child is a shop in a process of its own.
type child struct {
	url, costURL string
	stop         func()
}

func start(with string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, "-serve", with)
	cmd.Stderr = os.Stderr
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &child{stop: func() {
		_ = in.Close()
		_ = cmd.Wait()
	}}
	if _, err := fmt.Fscan(out, &c.url, &c.costURL); err != nil {
		c.stop()
		return nil, fmt.Errorf("the shop with %s does not start: %w", with, err)
	}
	return c, nil
}

// cost asks the shop; at "/close" it flushes its records first.
func (c *child) cost(ctx context.Context, path string) (used cost, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.costURL+path, nil)
	if err != nil {
		return used, err
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return used, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return used, errors.New("the shop could not flush: " + res.Status)
	}
	return used, json.NewDecoder(res.Body).Decode(&used)
}
