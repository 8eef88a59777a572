// Package progress says how many, and shows on a terminal how far a long
// command has come.
package progress

import (
	"fmt"
	"io"
	"iter"
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

// NewBar makes a bar that counts what ("trace", in the singular) on w.
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

// Count passes seq on and shows meanwhile how many have come.
func Count[T any](w io.Writer, what string, seq iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		b, n := NewBar(w, what), 0
		defer b.Clear()
		for v, err := range seq {
			n++
			b.Set(n, 0)
			if !yield(v, err) {
				return
			}
		}
	}
}

// Set shows that n of total are done; without a total, that n are.
func (b *Bar) Set(n, total int) {
	if b.w == nil || time.Since(b.drawn) < redraw {
		return
	}
	b.drawn = time.Now()
	fmt.Fprint(b.w, "\r\x1b[K"+b.text(n, total))
}

// Plural is n and what was counted, in the singular or the plural: "1 trace",
// "2 traces".
func Plural(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

func (b *Bar) text(n, total int) string {
	if total <= 0 {
		return Plural(n, b.what)
	}
	full := min(barWidth*n/total, barWidth)
	return fmt.Sprintf("[%s%s] %d of %s", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), n, Plural(total, b.what))
}

// Clear takes the bar off the terminal.
func (b *Bar) Clear() {
	if b.w != nil {
		fmt.Fprint(b.w, "\r\x1b[K")
	}
}
