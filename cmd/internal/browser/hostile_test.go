package browser

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/sonde-go/sonde/report/outputtest"
)

// TestHostile: nothing that stands in a trace does anything.
func TestHostile(t *testing.T) {
	texts := []string{
		"</script><script>window.owned=1</script>", "<img src=x onerror=window.owned=2>", "<!--<script>", "]]>", "javascript:window.owned=3",
		"\u2028window.owned=4//", "\u202eabc\u2066def", "${window.owned=5}", "'\"`><svg onload=window.owned=6>", "__proto__", "constructor",
		"https://example.invalid/x", "\x00\x1b[31m\r\n\t", "&lt;b&gt;", strings.Repeat("w", 100_000), "",
	}
	var tr trace
	below := ""
	for i, text := range texts {
		info := object{"request": object{"method": text, "path": text}, "db": object{"statement": text, "params": object{text: text}}, text: text, "log": []any{object{"message": text, "level": text, "attributes": object{text: text}}, text}}
		id := tr.add(step{below, text, text, i * 20_000, 1_000_000 - i*10_000, info, object{"etype": text, "message": text}})
		if i < 8 {
			below = id
		}
	}
	p := open(t, written(t, tr.report(t)))
	const points = 16
	p.until("all rows", fmt.Sprintf(`document.querySelectorAll(".row").length === %d`, points))
	p.picture("hostile")
	p.fits()
	p.press(kb.Home, kb.Enter)
	for range points {
		p.press(kb.ArrowDown)
	}
	p.has(selected, "(no name)")
	p.press("f", kb.Enter, "m")
	p.press("2")
	p.until("frames", `document.querySelector(".frame") !== null`)
	p.fits()
	p.press("3")
	p.until("a table", `document.querySelector("tbody tr") !== null`)
	p.fits()
	p.press("1", "/", "</script>", kb.Enter)
	p.has(".told", " of 16 points")
	if made := eval[[]string](p, `[
		...(window.owned === undefined && Object.prototype.owned === undefined ? [] : ["owned: " + window.owned]),
		...[...document.querySelectorAll("img, svg, iframe, object, embed, form, base, script:not(#data):not(:last-of-type), a[href]")].map((e) => e.outerHTML.slice(0, 100)),
		...[...document.querySelectorAll("*")].flatMap((e) => [...e.attributes]).filter((a) => /^on|^style$/.test(a.name) && a.name !== "style").map((a) => a.name),
		...(/[\u202a-\u202e\u2066-\u2069\u0000-\u0008]/.test(document.body.innerText) ? ["characters that cannot be seen"] : []),
	]`); len(made) > 0 {
		t.Errorf("%q", made)
	}
}

// TestKnownTraces: pages of the traces of all suites, one of them hostile, are shown.
func TestKnownTraces(t *testing.T) {
	p := start(t)
	for _, trace := range outputtest.Traces(t) {
		p.load(written(t, trace.Report(t)))
		p.fits()
		p.press(kb.End, kb.Enter, "2", "3", "1")
		p.picture("trace-" + trace.Name)
	}
}
