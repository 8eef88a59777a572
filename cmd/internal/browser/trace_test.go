package browser

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/report/document"

	"github.com/sonde-go/sonde/report"
)

const selected = `.row[aria-selected="true"]`

// TestFirstScreen: the verdict is the largest text, the points begin on the first
// screen, and what proves a finding is one click away.
func TestFirstScreen(t *testing.T) {
	p := open(t, written(t, checkout(t)))
	p.has(".verdict-text", "POST /v1/pay (bank) failed: no such card")
	if largest := eval[string](p, `[...document.querySelectorAll("body *")].filter((e) => e.checkVisibility() && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim() !== ""))
		.sort((a, b) => parseFloat(getComputedStyle(b).fontSize) - parseFloat(getComputedStyle(a).fontSize))[0].className`); !strings.Contains(largest, "verdict-text") {
		t.Errorf("the largest text is that of %q", largest)
	}
	p.until("a row is there", `document.querySelector(".row") !== null`)
	if bottom := eval[float64](p, `document.querySelector(".row").getBoundingClientRect().bottom`); bottom > 800 {
		t.Errorf("no row is on the first screen: the first ends at %v", bottom)
	}
	p.fits()
	p.picture("first-light")
	p.click(".finding:nth-child(2) .finding-head")
	p.has(".evidence", "Mending it saves")
	p.picture("evidence")
	p.click(".finding:nth-child(2) .proof-point")
	p.has(".details h2", "db")
	p.has(".details .sql", "FROM prices")
	p.has(selected, "SELECT price")
	p.until("the address has the point", `location.hash.startsWith("#point=")`)
	p.fits()
	p.picture("details")
}

// TestCopy: a finding goes to the clipboard as Markdown, in which nothing of it has
// a meaning.
func TestCopy(t *testing.T) {
	p := open(t, written(t, checkout(t)))
	eval[bool](p, `Object.defineProperty(navigator, "clipboard", {value: {writeText: (text) => (window.copied = text, Promise.resolve())}}) && true`)
	p.click(".verdict .copy")
	p.has(".verdict .copy", "Copied")
	if got := eval[string](p, "window.copied"); !strings.HasPrefix(got, `**failure**: POST /v1/pay (bank) failed: no such card (bank.CardError)`) || !strings.Contains(got, "\n| http POST /v1/pay | bank | 300 ms | 50.0 ms |\n") {
		t.Errorf("copied %s", got)
	}
	p.press("m")
	p.click(".finding:nth-child(2) .finding-head")
	p.press("m")
	p.until("the finding with the focus is copied", `window.copied.startsWith("**repeated**")`)
}

// TestDetails: a point is shown with its statement, its logs and its info.
func TestDetails(t *testing.T) {
	p := open(t, written(t, checkout(t)))
	p.click(`.row[aria-label^="db, SELECT c.id"]`)
	p.has(".details .sql", "SELECT c.id, c.customer, i.sku, i.count\nFROM carts c\nLEFT JOIN items i\n  ON i.cart = c.id\nWHERE c.customer = $1\n  AND c.state = 'open'\nORDER BY i.sku\nLIMIT 100")
	p.has(".details .json", `"args_hash": "ab12"`)
	p.press(kb.End)
	p.has(".details .sql", "INSERT INTO orders (id, customer, total)\nVALUES ($1, $2, $3)")
	p.press(kb.Home)
	p.click(`.row[aria-label^="grpc, "]`)
	p.has(".details .log", "ERROR a price was stale sku=w-9")
	p.picture("details-log")
	p.click(`.details .facts .link`) // the point above
	p.has(".details h2", "grpc_client")
	p.press(kb.Escape)
	p.until("the details are closed", `document.querySelector(".details").hidden`)
	p.press("n") // which failed
	p.has(selected, "/v1/pay")
	p.press(kb.Enter)
	p.has(".details .failure", "bank.CardError\nno such card\n  at pay.go:71")
	p.picture("details-failure")
}

// TestSearch: each of the fields finds what it should.
func TestSearch(t *testing.T) {
	p := open(t, written(t, checkout(t)))
	p.press("/")
	p.press("prices where sku")
	p.has(".told", "40 of 50 points")
	p.has(".row.aside", "POST /checkout") // what the others stand below
	p.picture("search")
	p.press(kb.Enter)
	p.has(selected, "SELECT price")
	p.press(kb.Escape)
	p.until("all are seen again", `document.querySelector(".told").textContent === ""`)
	for query, want := range map[string]string{
		"service:worker":          "2 of 50 points",
		"name:db service:cart":    "41 of 50 points",
		"host:node-bank":          "1 of 50 points",
		"kind:server":             "3 of 50 points",
		"min:200ms":               "3 of 50 points",
		"error":                   "1 of 50 points",
		`"no such card"`:          "1 of 50 points",
		"stale sku":               "1 of 50 points", // in a log
		"min:200ms service:cart ": "1 of 50 points",
	} {
		p.press(kb.Escape, "/", query)
		p.has(".told", want)
	}
	p.press(kb.Escape, "/", "nothing-like-it")
	p.has(".empty", "No point is like that")
	p.click(".filters > .quiet")
	p.do(chromedp.SendKeys(chromedp.CSS(`select[aria-label="Service"]`), "worker"))
	p.has(".told", "2 of 50 points")
	p.click(".filters > .quiet")
	p.do(chromedp.SendKeys(chromedp.CSS(".least"), "0.2s"+kb.Enter))
	p.has(".told", "3 of 50 points")
	p.click(".filters > .quiet")
	p.click(".check:first-of-type input")
	p.has(".told", "1 of 50 points")
	p.click(".filters > .quiet")
	p.press("p")
	p.until("the critical path alone is seen", `document.querySelector(".told").textContent.endsWith(" of 50 points")`)
}

// TestTree: rows close and open, by clicks too.
func TestTree(t *testing.T) {
	p := open(t, written(t, checkout(t)))
	p.until("queries that are alike are one row", `document.querySelectorAll(".row").length === 11`)
	p.has(".row", "×40")
	p.picture("folded")
	p.click(`.row[aria-label^="db, 40 times"] .caret`)
	p.until("it is opened", `document.querySelectorAll(".row").length >= 40`)
	p.click(`.row[aria-label^="grpc, "] .caret`)
	p.until("the subtree is closed", `document.querySelectorAll(".row").length === 9 && document.querySelector('[aria-expanded="false"].row') !== null`)
	p.press("c")
	p.until("all is closed", `document.querySelectorAll(".row").length === 5`)
	p.picture("collapsed")
	p.press("e")
	p.until("all is open", `document.querySelectorAll(".row").length >= 40`)
}

// TestZoom: dragging over the minimap shows a part of the time.
func TestZoom(t *testing.T) {
	p := open(t, written(t, checkout(t)))
	box := eval[[]float64](p, `(() => { const b = document.querySelector(".strip").getBoundingClientRect(); return [b.left, b.top, b.width, b.height] })()`)
	y := box[1] + box[3]/2
	p.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMousePressed, box[0]+box[2]/2, y, chromedp.ButtonLeft), chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, box[0]+box[2]*0.75, y, chromedp.ButtonLeft),
		chromedp.MouseEvent(input.DispatchMouseEventTypeMouseReleased, box[0]+box[2]*0.75, y, chromedp.ButtonLeft))
	p.until("the half before is shaded", `Math.round(parseFloat(document.querySelector(".shade").style.width)) === 50`)
	p.picture("zoomed")
	p.click(".reset")
	p.until("the whole is seen", `parseFloat(document.querySelector(".shade").style.width) === 0 && document.querySelector(".reset").hidden`)
	p.do(chromedp.Focus(chromedp.CSS(".strip")))
	p.press(kb.ArrowUp, kb.ArrowRight)
	p.until("keys do it too", `parseFloat(document.querySelector(".shade").style.width) > 15`)
	p.press("0")
	p.until("the whole is seen", `document.querySelector(".reset").hidden`)
}

// TestFlame: frames are wide as their time, and one is seen alone after a click.
func TestFlame(t *testing.T) {
	p := open(t, written(t, checkout(t)))
	p.press("2")
	p.has(".frame", "SELECT price, currency FROM prices WHERE sku = $1 ×40")
	p.picture("flame")
	p.fits()
	p.click(`.frame[aria-label^="grpc /shop"]`)
	p.has(".flame-told", "/shop.Cart/Total")
	p.until("the frame is as wide as all", `(() => { const f = document.activeElement; return f.matches(".frame") && f.getBoundingClientRect().width > f.parentElement.clientWidth - 3 })()`)
	p.press(kb.ArrowDown)
	p.has(".flame-told", "SELECT price")
	p.click(".flame-told .link")
	p.has(".told", "41 of 50 points")
	p.has(selected, "SELECT price")
}

// TestStatistics: a table by name, which its reader sorts.
func TestStatistics(t *testing.T) {
	p := open(t, written(t, checkout(t)))
	p.click(`[role="tab"]:nth-child(3)`)
	p.has("tbody tr:first-child", "db")
	p.picture("statistics")
	p.fits()
	if got := strings.Fields(p.text("tbody tr:first-child")); strings.Join(got, " ") != "db 42 311 ms 311 ms 66 % 6.50 ms 6.50 ms 46.0 ms" {
		t.Errorf("%q", got)
	}
	p.click("th:nth-child(8) button")
	p.has("tbody tr:first-child", "http")
	p.click("th:first-child button")
	p.has(`th[aria-sort="ascending"]`, "Name")
	p.has("tbody tr:first-child", "db")
	p.click("tbody tr:first-child .link")
	p.has(".told", "42 of 50 points")
}

// TestDownload: the file has the document.
func TestDownload(t *testing.T) {
	r := checkout(t)
	p := open(t, written(t, r))
	dir := t.TempDir()
	run(p, func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.CallBrowser(ctx, cdpbrowser.SetDownloadBehavior, cdpbrowser.SetDownloadBehaviorParams{Behavior: cdpbrowser.SetDownloadBehaviorBehaviorAllow, DownloadPath: dir})
		return chromedp.Void{}, err
	})
	p.click(`.top button[title^="Download"]`)
	var want bytes.Buffer
	if err := document.Write(&want, r, report.Options{}); err != nil {
		t.Fatal(err)
	}
	watchdog.Until(t, "the file", func() bool {
		got, err := os.ReadFile(filepath.Join(dir, "base.json"))
		return err == nil && len(got) > want.Len()/2
	})
	got, err := os.ReadFile(filepath.Join(dir, "base.json"))
	if unescaped := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(got)); err != nil || strings.TrimSpace(unescaped) != strings.TrimSpace(want.String()) {
		t.Errorf("%v: %d bytes, want %d", err, len(unescaped), want.Len())
	}
}

// TestLink: an address leads to a point.
func TestLink(t *testing.T) {
	p := open(t, written(t, checkout(t)))
	eval[string](p, `location.hash = "#point=00000030-0000-4000-8000-000000000000"`)
	p.has(".details code", "00000030-0000-4000-8000-000000000000")
	p.has(selected, "nats_publish")
	p.do(chromedp.Reload())
	p.has(".details code", "00000030-0000-4000-8000-000000000000")
}

// TestKeysOnly: all can be done without a mouse.
func TestKeysOnly(t *testing.T) {
	p := open(t, written(t, checkout(t)))
	p.until("rows", `document.querySelectorAll(".row").length > 10`)
	p.press("?")
	p.has("dialog", "critical path")
	p.picture("keys")
	p.press(kb.Escape)
	p.until("the help is closed", `document.querySelector("dialog[open]") === null`)
	p.press("f", "f")
	p.until("the second finding has the focus", `document.activeElement.closest(".finding:nth-child(2)") !== null`)
	p.press(kb.Enter)
	p.has(".evidence", "Mending it saves")
	p.press(kb.Tab, kb.Tab)
	p.until("a point has the focus", `document.activeElement.matches(".proof-point")`)
	p.press(kb.Enter)
	p.has(".details", "FROM prices")
	p.press(kb.Escape)
	p.until("the tree has the focus", `document.activeElement.id === "tree"`)
	p.press(kb.Home)
	p.has(selected, "POST /checkout")
	p.press(kb.ArrowDown, "j", kb.ArrowRight)
	p.has(selected, "SELECT c.id")
	p.until("readers are told of it", fmt.Sprintf(`document.getElementById(document.activeElement.getAttribute("aria-activedescendant")) === document.querySelector(%q)`, selected))
	p.press(kb.ArrowLeft, kb.ArrowLeft)
	p.until("the subtree is closed", `document.querySelectorAll(".row").length === 9`)
	p.has(selected, "/shop.Cart/Total")
	p.press(kb.ArrowRight, kb.End)
	p.has(selected, "INSERT INTO orders")
	p.press("z")
	p.until("it is seen alone", `!document.querySelector(".reset").hidden`)
	p.press("0", "x")
	p.has(".told", "1 of 50 points")
	p.press(kb.Escape)
	p.until("the filter is clear", `document.querySelector(".told").textContent === ""`)
	p.press("3")
	p.has("table", "nats_process")
	p.press("1")
	p.until("the waterfall is back", `document.querySelector(".row") !== null && document.querySelector(".row").checkVisibility()`)
}

// TestTree roles are those that screen readers know.
func TestRoles(t *testing.T) {
	p := open(t, written(t, checkout(t)))
	p.until("rows", `document.querySelectorAll(".row").length > 10`)
	if wrong := eval[[]string](p, `[
		...[...document.querySelectorAll('[role="treeitem"]')].filter((e) => !e.getAttribute("aria-level") || !e.getAttribute("aria-label") || !e.closest('[role="tree"]')).map((e) => "treeitem " + e.id),
		...[...document.querySelectorAll("button, select, input, [role=slider], [role=tree]")].filter((e) => !(e.getAttribute("aria-label") || e.innerText || e.closest("label")?.innerText)).map((e) => "no name: " + e.outerHTML),
		...[...document.querySelectorAll("canvas")].filter((e) => e.getAttribute("aria-hidden") !== "true").map((e) => "canvas"),
		...(document.documentElement.lang === "en" && document.title.includes("POST /checkout") ? [] : ["title or language"]),
	]`); len(wrong) > 0 {
		t.Errorf("%q", wrong)
	}
}

// TestThemes: dark or light as the system says, or as chosen.
func TestThemes(t *testing.T) {
	p := open(t, written(t, checkout(t)))
	const ground = `getComputedStyle(document.body).backgroundColor`
	light := eval[string](p, ground)
	p.dark(true)
	p.until("the page is dark", ground+" !== "+fmt.Sprintf("%q", light))
	p.picture("first-dark")
	p.press("j", kb.Enter)
	p.picture("details-dark")
	p.press("2")
	p.picture("flame-dark")
	p.press("1", "t", "t") // dark, then light
	p.until("the page is light", ground+" === "+fmt.Sprintf("%q", light))
	p.press("t")
	p.until("the page is as the system", ground+" !== "+fmt.Sprintf("%q", light))
	if thin := eval[[]string](p, contrast); len(thin) > 0 {
		t.Errorf("dark: too little contrast: %q", thin)
	}
	p.press("t", "t")
	p.until("the page is light", ground+" === "+fmt.Sprintf("%q", light))
	if thin := eval[[]string](p, contrast); len(thin) > 0 {
		t.Errorf("light: too little contrast: %q", thin)
	}
}

// contrast is a list of texts with less than 4.5 to 1 against what they stand on.
const contrast = `(() => {
	const part = (v) => (v /= 255, v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
	const paint = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
	const rgba = (c) => (paint.clearRect(0, 0, 1, 1), paint.fillStyle = c, paint.fillRect(0, 0, 1, 1), paint.getImageData(0, 0, 1, 1).data);
	const light = (c) => 0.2126 * part(c[0]) + 0.7152 * part(c[1]) + 0.0722 * part(c[2]);
	const below = (e) => { for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor); if (c[3] === 255) return c; } return [255, 255, 255, 255]; };
	const thin = new Set();
	for (const e of document.querySelectorAll(".page *")) {
		if (!e.checkVisibility() || e.closest(".aside") || ![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim() !== "")) continue;
		const [a, b] = [light(rgba(getComputedStyle(e).color)), light(below(e))];
		const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (ratio < 4.5) thin.add(e.tagName + "." + e.className + " " + ratio.toFixed(1));
	}
	return [...thin];
})()`

// TestNarrow: nothing is cut off or too wide on a small screen.
func TestNarrow(t *testing.T) {
	p := open(t, written(t, checkout(t)))
	for _, width := range []int64{800, 480} {
		p.size(width, 800)
		p.picture(fmt.Sprint("narrow-", width))
		p.fits()
		p.press("j", kb.Enter)
		p.has(".details", "POST /checkout")
		p.fits()
		p.picture(fmt.Sprint("narrow-details-", width))
		p.press(kb.Escape, "2")
		p.fits()
		p.press("3")
		p.fits()
		p.press("1")
	}
}

// TestPrint: a printed page has the findings and the waterfall, and no buttons.
func TestPrint(t *testing.T) {
	p := open(t, written(t, checkout(t)))
	p.until("rows", `document.querySelectorAll(".row").length > 10`)
	pdf := run(p, chromedp.PrintToPDF())
	if !bytes.HasPrefix(pdf, []byte("%PDF")) || len(pdf) < 10_000 {
		t.Errorf("%d bytes", len(pdf))
	}
}
