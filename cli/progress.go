package cli

import (
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// progressBar shows on a terminal how far a long command has got. On anything
// else it shows nothing.
type progressBar struct {
	w     io.Writer // nil: not a terminal
	what  string
	drawn time.Time
}

// newProgressBar makes a bar on w that counts what, a noun in the singular
// ("trace").
func newProgressBar(w io.Writer, what string) *progressBar {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return &progressBar{w: w, what: what}
	}
	return &progressBar{}
}

const (
	barWidth = 30
	redraw   = 100 * time.Millisecond
)

// counted passes seq on and shows on w how many items have come so far.
func counted[T any](w io.Writer, what string, seq iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		b, n := newProgressBar(w, what), 0
		defer b.clear()
		for v, err := range seq {
			n++
			b.set(n, 0)
			if !yield(v, err) {
				return
			}
		}
	}
}

// set shows that n of total are done, or just n if total is 0.
func (b *progressBar) set(n, total int) {
	if b.w == nil || time.Since(b.drawn) < redraw {
		return
	}
	b.drawn = time.Now()
	fmt.Fprint(b.w, "\r\x1b[K"+b.text(n, total))
}

// plural is a count with its noun, which is given in the singular: "1 trace",
// "2 traces".
func plural(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

func (b *progressBar) text(n, total int) string {
	if total <= 0 {
		return plural(n, b.what)
	}
	full := min(barWidth*n/total, barWidth)
	return fmt.Sprintf("[%s%s] %d of %s", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), n, plural(total, b.what))
}

// clear removes the bar from the terminal.
func (b *progressBar) clear() {
	if b.w != nil {
		fmt.Fprint(b.w, "\r\x1b[K")
	}
}
