package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"unsafe"

	"github.com/sonde-go/sonde/internal/servertest"
)

// pty is a real terminal, of so many columns and lines. What was written to it
// is read when it is closed.
type pty struct {
	*os.File // what a command has as its standard output
	master   *os.File
	shown    strings.Builder
	read     sync.WaitGroup
	mu       sync.Mutex
}

func newPTY(t *testing.T, columns, lines int) *pty {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		servertest.Missing(t, "pseudo-terminal ("+err.Error()+")", "mount -t devpts devpts /dev/pts")
	}
	ioctl := func(request uintptr, arg unsafe.Pointer) {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, master.Fd(), request, uintptr(arg)); errno != 0 {
			t.Fatal(errno)
		}
	}
	var number, unlock uint32
	ioctl(syscall.TIOCSPTLCK, unsafe.Pointer(&unlock))
	ioctl(syscall.TIOCGPTN, unsafe.Pointer(&number))
	ioctl(syscall.TIOCSWINSZ, unsafe.Pointer(&[4]uint16{uint16(lines), uint16(columns)}))
	slave, err := os.OpenFile(fmt.Sprint("/dev/pts/", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	tt := &pty{File: slave, master: master}
	tt.read.Add(1)
	go func() {
		defer tt.read.Done()
		b := make([]byte, 4096)
		for {
			n, err := master.Read(b)
			tt.mu.Lock()
			tt.shown.Write(b[:n])
			tt.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { tt.end() })
	return tt
}

// text is what was written so far, without the carriage returns of terminals.
func (tt *pty) text() string {
	tt.mu.Lock()
	defer tt.mu.Unlock()
	return strings.ReplaceAll(tt.shown.String(), "\r", "")
}

// end closes the terminal and returns all that was written.
func (tt *pty) end() string {
	_ = tt.Close() // reading ends with an error then
	tt.read.Wait()
	_ = tt.master.Close()
	return tt.text()
}

var _ io.Writer = (*pty)(nil)
