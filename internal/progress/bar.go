// Package progress shows on a terminal how far a long command has come.
package progress

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// Bar is a progress bar. On what is no terminal it shows nothing.
type Bar struct {
	w     io.Writer // nil: no terminal
	what  string
	drawn time.Time
}

// NewBar makes a bar that counts what ("traces") on w.
func NewBar(w io.Writer, what string) *Bar {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return &Bar{w: w, what: what}
	}
	return &Bar{}
}

const (
	barWidth = 30
	redraw   = 100 * time.Millisecond
)

// Set shows that n of total are done.
func (b *Bar) Set(n, total int) {
	if b.w == nil || time.Since(b.drawn) < redraw {
		return
	}
	b.drawn = time.Now()
	fmt.Fprint(b.w, "\r\x1b[K"+b.text(n, total))
}

func (b *Bar) text(n, total int) string {
	full := barWidth
	if total > 0 {
		full = min(barWidth*n/total, barWidth)
	}
	return fmt.Sprintf("[%s%s] %d of %d %s", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), n, total, b.what)
}

// Clear takes the bar off the terminal.
func (b *Bar) Clear() {
	if b.w != nil {
		fmt.Fprint(b.w, "\r\x1b[K")
	}
}
