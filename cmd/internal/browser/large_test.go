package browser

import (
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// TestLarge: of 100,000 points only those near the screen are in the page, and the
// last is reached by keys, by scrolling and by a search.
func TestLarge(t *testing.T) {
	n := 100_000
	p := open(t, written(t, large(t, n)))
	const bound = 150
	few := func(when string) {
		t.Helper()
		if rows := eval[int](p, `document.querySelectorAll(".row").length`); rows == 0 || rows > bound {
			t.Errorf("%s: %d rows are in the page", when, rows)
		}
		if all := eval[int](p, `document.querySelectorAll("*").length`); all > 5000 {
			t.Errorf("%s: %d elements are in the page", when, all)
		}
	}
	p.until("rows", `document.querySelectorAll(".row").length > 10`)
	few("first")
	p.picture("large")
	p.press("e", kb.End)
	p.has(selected, "the last")
	few("at the end")
	p.picture("large-end")
	p.until("the last row is above the bottom", `document.querySelector('.row[aria-selected="true"]').getBoundingClientRect().bottom <= innerHeight`)
	p.press(kb.Home)
	p.has(selected, "GET /all")
	eval[bool](p, `(scrollTo(0, document.documentElement.scrollHeight), true)`)
	p.has(".row", "the last")
	few("scrolled")
	p.press("/", "needle", kb.Enter)
	p.has(".told", "1 of 100,000 points")
	p.has(selected, "the last")
	p.press(kb.Escape, "2")
	p.has(".frame", "batch")
	few("flame graph")
	p.picture("large-flame")
	p.press("3")
	p.has("tbody", "step3")
}
