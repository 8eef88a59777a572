package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/sonde-go/sonde/drivers"
	_ "github.com/sonde-go/sonde/drivers/memory"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/ui"
)

// shopTraces is a store with traces of a shop, of which every tenth cart is slow
// because of a query of its own, and some orders have failed.
func shopTraces(t *testing.T) *drivers.Store {
	t.Helper()
	store, err := drivers.Open(t.Context(), "memory://", drivers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	var w writer
	now := time.Now()
	for i := range 60 {
		at := now.Add(-time.Duration(i+1) * 3 * time.Minute)
		if i%3 == 2 {
			w.order(traceID(i), at, i%2 == 0)
			continue
		}
		w.cart(traceID(i), at, i%10 == 0)
	}
	w.write(t, store)
	return store
}

func traceID(i int) string {
	return fmt.Sprintf("%08x-1111-4111-8111-000000000000", 0xa0000000+i*0x1234567)
}

// writer gathers records.
type writer struct {
	events []record.Event
	points int
}

func (w *writer) write(t *testing.T, store *drivers.Store) {
	t.Helper()
	if err := store.Notify(t.Context(), w.events); err != nil {
		t.Fatal(err)
	}
	w.events = nil
}

// point adds a point, and returns its id. It runs on if it takes less than nothing.
func (w *writer) point(trace, parent, name, service string, at time.Time, took time.Duration, start, stop string) string {
	id := func(text string) header.ID {
		id, err := header.ParseID(text)
		if err != nil {
			panic(err) // of a constant
		}
		return id
	}
	w.points++
	own := fmt.Sprintf("%08x-2222-4222-8222-000000000000", w.points)
	if parent == "" {
		parent = trace
	}
	f := record.Fields{Name: name, Trace: id(trace), Parent: id(parent), Point: id(own), Project: "shop", Service: service, Host: "node-1", Time: at.UnixNano(), Info: []byte(start)}
	w.events = append(w.events, record.New(f))
	if took >= 0 {
		f.Phase, f.Time, f.Info = record.Stop, at.Add(took).UnixNano(), []byte(stop)
		w.events = append(w.events, record.New(f))
	}
	return own
}

func (w *writer) cart(trace string, at time.Time, slow bool) {
	const done, ms = `{"host":"node-1"}`, time.Millisecond
	took := 28 * ms
	if slow {
		took = 190 * ms
	}
	root := w.point(trace, "", "http", "frontend", at, took, `{"request":{"method":"GET","path":"/cart/7","query":"","scheme":"http"},"host":"node-1"}`, `{"response":{"status_code":200,"route":"GET /cart/{id}"},"host":"node-1"}`)
	w.point(trace, root, "db", "frontend", at.Add(2*ms), 3*ms, `{"db":{"statement":"SELECT sku, n FROM items WHERE cart = $1"},"host":"node-1"}`, done)
	call := w.point(trace, root, "grpc_client", "frontend", at.Add(6*ms), 20*ms, `{"grpc":{"method":"/shop.v1.Catalog/Prices"},"sonde":{"kind":"client"},"host":"node-1"}`, done)
	served := w.point(trace, call, "grpc", "catalog", at.Add(7*ms), 18*ms, `{"grpc":{"method":"/shop.v1.Catalog/Prices"},"sonde":{"kind":"server"},"host":"node-1"}`, done)
	w.point(trace, served, "db", "catalog", at.Add(8*ms), 15*ms, `{"db":{"statement":"SELECT price FROM prices WHERE sku = $1"},"host":"node-1"}`, done)
	if slow {
		w.point(trace, root, "db", "frontend", at.Add(27*ms), 160*ms, `{"db":{"statement":"SELECT * FROM recommendations ORDER BY score"},"host":"node-1"}`, done)
	}
}

func (w *writer) order(trace string, at time.Time, failed bool) {
	const done, ms = `{"host":"node-1"}`, time.Millisecond
	status, end := 201, done
	if failed {
		status, end = 502, `{"etype":"bank.CardError","message":"no such card","host":"node-1"}`
	}
	root := w.point(trace, "", "http", "frontend", at, 74*ms, `{"request":{"method":"POST","path":"/orders","query":"","scheme":"http"},"host":"node-1"}`, fmt.Sprintf(`{"response":{"status_code":%d,"route":"POST /orders"},"host":"node-1"}`, status))
	call := w.point(trace, root, "http_client", "frontend", at.Add(4*ms), 66*ms, `{"requests":{"method":"POST","path":"/pay","hostname":"payments","port":80,"scheme":"http","query":""},"host":"node-1"}`, done)
	w.point(trace, call, "http", "payments", at.Add(6*ms), 60*ms, `{"request":{"method":"POST","path":"/pay","query":"","scheme":"http"},"host":"node-1"}`, end)
}

// view opens the viewer over a store.
func view(t *testing.T, store *drivers.Store, path string) (p *page, url string) {
	t.Helper()
	server := httptest.NewServer(ui.New(store, ui.Options{}))
	t.Cleanup(server.Close) // after the browser has been closed
	p = start(t)
	p.mu.Lock()
	p.server = server.URL
	p.mu.Unlock()
	p.do(chromedp.Navigate(server.URL + path))
	return p, server.URL
}

// leaves does what leads to another page, and waits for that. What is asked of a page
// that is going may never be answered, so it is asked again.
func (p *page) leaves(do func()) {
	p.t.Helper()
	eval[bool](p, `window.here = true`)
	do()
	watchdog.Until(p.t, "another page", func() bool {
		ctx, cancel := context.WithTimeout(p.ctx, 5*time.Second)
		defer cancel()
		arrived, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`window.here === undefined && document.readyState === "complete"`))
		return err == nil && arrived
	})
}

// follows clicks on what leads to another page.
func (p *page) follows(selector string) {
	p.t.Helper()
	p.leaves(func() { p.click(selector) })
}

// rows waits for so many rows of the list.
func (p *page) rows(n int) {
	p.t.Helper()
	p.until(fmt.Sprint(n, " rows"), fmt.Sprintf(`document.querySelectorAll("tbody tr").length === %d`, n))
}

// choose chooses an option of a select element.
func (p *page) choose(selector, value string) {
	p.t.Helper()
	eval[bool](p, fmt.Sprintf(`(() => { const s = document.querySelector(%q); s.value = %q; return s.dispatchEvent(new Event("change", {bubbles: true})); })()`, selector, value))
}

// fill types into a field what is to stand there.
func (p *page) fill(selector, text string) {
	p.t.Helper()
	eval[bool](p, fmt.Sprintf(`(() => { const f = document.querySelector(%q); f.focus(); f.select(); return true; })()`, selector))
	p.press(kb.Backspace)
	if text != "" {
		p.press(text)
	}
}

// TestViewerList: the list is searched and filtered, by mouse and keys, and its address
// says for what.
func TestViewerList(t *testing.T) {
	p, url := view(t, shopTraces(t), "/")
	p.rows(50)
	p.has(".store", "memory://")
	p.has("tbody tr:first-child", "GET /cart/{id}")
	p.has("tbody tr:first-child", "catalog")
	p.has(".live", "live")
	p.fits()
	p.picture("viewer-list")
	p.click(".state + button")
	p.rows(60)
	p.has(".state", "60 traces")
	p.press("/")
	p.until("the search has the focus", `document.activeElement.name === "search"`)
	p.fill("input[name=search]", "orders")
	p.rows(20)
	p.has(".state", "20 traces")
	p.until("the address has the search", `location.search === "?search=orders"`)
	p.click("input[name=error-trace]")
	p.rows(10)
	p.has("tbody tr.is-failed", "502")
	p.picture("viewer-failed")
	p.do(chromedp.Navigate(url + "/?search=orders&error-trace=true")) // as it was shared
	p.rows(10)
	p.click("input[name=error-trace]")
	p.fill("input[name=search]", "")
	p.rows(50)
	p.fill("input[name=min-duration]", "100ms")
	p.rows(4)
	p.fill("input[name=min-duration]", "soon")
	p.until("that is wrong", `document.querySelector("input[name=min-duration]").getAttribute("aria-invalid") === "true"`)
	p.fill("input[name=min-duration]", "")
	p.rows(50)
	p.fill("input[name=service]", "payments")
	p.rows(20)
	p.fill("input[name=service]", "")
	p.rows(50)
	p.choose("select[name=since]", "1h")
	p.rows(19)
	p.until("it is not live", `document.querySelector(".live").textContent === ""`)
	p.choose("select[name=since]", "")
	p.choose("select[name=sort]", "duration")
	p.has("tbody tr:first-child", "190 ms")
	p.fill("input[name=search]", "nothing like it")
	p.has(".state", "No trace is like that.")
}

// TestViewerTrace: a click leads to a trace, and the name back to the list.
func TestViewerTrace(t *testing.T) {
	p, url := view(t, shopTraces(t), "/")
	p.rows(50)
	p.follows("tbody tr:first-child .root")
	p.has(".verdict-text", "recommendations")
	p.has(".trace-id", traceID(0))
	p.until("rows are there", `document.querySelector(".row") !== null`)
	p.fits()
	p.picture("viewer-trace")
	p.follows(`.ways a[href="/"]`)
	p.rows(50)
	p.do(chromedp.Navigate(url + "/traces/none"))
	p.has(".problem", "trace none not found in memory://")
	p.picture("viewer-not-found")
	if got := strings.Join(p.forgive(), "\n"); strings.Count(got, "\n") != 0 || !strings.Contains(got, "404") {
		t.Errorf("problems: %s", got) // but for the answer that it was for
	}
}

// TestViewerDiff: two clicks compare two traces.
func TestViewerDiff(t *testing.T) {
	p, _ := view(t, shopTraces(t), "/")
	p.rows(50)
	p.click("tbody tr:nth-child(2) .compare")
	p.has(".picked", "with another")
	p.picture("viewer-picked")
	p.press(kb.Escape)
	p.until("nothing is picked", `document.querySelector(".is-picked") === null`)
	p.click("tbody tr:nth-child(2) .compare")
	p.follows("tbody tr:first-child .compare")
	p.has(".sides", traceID(0))
	p.fits()
	p.picture("viewer-diff")
	p.has(".many", "recommendations")
	p.follows(".sides a:last-child")
	p.has(".sides", "Before: "+traceID(0))
	p.follows(".sides a:first-of-type")
	p.has(".trace-id", traceID(0))
}

// TestViewerStats: statistics explain what makes traces slow, and the form chooses
// others.
func TestViewerStats(t *testing.T) {
	p, _ := view(t, shopTraces(t), "/")
	p.rows(50)
	p.follows(`a[href="/stats"]`)
	p.has(".verdict-text", "GET /cart/{id}")
	p.has(".many", "recommendations")
	p.fits()
	p.picture("viewer-stats")
	p.fill("input[name=name]", "POST /orders")
	p.leaves(func() { p.press(kb.Enter) })
	p.has(".verdict-text", "POST /orders")
	p.until("the address says so", `location.search === "?name=POST+%2Forders"`)
	p.fill("input[name=since]", "soon")
	p.leaves(func() { p.press(kb.Enter) })
	p.has(".problem", "neither a duration")
	if got := strings.Join(p.forgive(), "\n"); strings.Count(got, "\n") != 0 || !strings.Contains(got, "400") {
		t.Errorf("problems: %s", got) // but for the answer that it was for
	}
}

// TestViewerFile: a file is shown that is dropped on the list, or chosen.
func TestViewerFile(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "report", "outputtest", "testdata", "shop.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	content, err := json.Marshal(string(text))
	if err != nil {
		t.Fatal(err)
	}
	drop := func(content string) string {
		return `(() => {
			const data = new DataTransfer();
			data.items.add(new File([` + content + `], "shop.jsonl"));
			document.dispatchEvent(new DragEvent("dragover", {dataTransfer: data, bubbles: true, cancelable: true}));
			const over = !document.querySelector(".drop").hidden;
			document.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
			return over;
		})()`
	}
	store := shopTraces(t)
	p, _ := view(t, store, "/")
	p.rows(50)
	if !eval[bool](p, drop(`"no trace"`)) {
		t.Error("the page does not say that a file may be dropped")
	}
	const refused = "shop.jsonl: not a trace that can be read"
	p.has(".state", refused)
	var w writer
	w.point("ffffffff-1111-4111-8111-000000000001", "", "nightly", "worker", time.Now(), -1, `{"host":"node-1"}`, "")
	w.write(t, store)
	p.has("tbody tr:first-child", "nightly")
	p.has(".state", refused) // a trace that comes does not hide it
	p.picture("viewer-file-refused")
	if got := strings.Join(p.forgive(), "\n"); strings.Count(got, "\n") != 0 || !strings.Contains(got, "422") {
		t.Errorf("problems: %s", got)
	}
	eval[bool](p, drop(string(content)))
	p.has(".verdict-text", "no such card")
	p.picture("viewer-file")
	p.leaves(func() { eval[bool](p, `setTimeout(() => history.back()) > 0`) })
	p.rows(50)
}

// TestViewerTail: what comes appears in the list, and what comes of a trace that is
// looked at is told.
func TestViewerTail(t *testing.T) {
	store := shopTraces(t)
	p, url := view(t, store, "/")
	p.rows(50)
	p.has(".live", "live")
	const trace = "ffffffff-1111-4111-8111-000000000000"
	var w writer
	root := w.point(trace, "", "nightly", "worker", time.Now(), -1, `{"host":"node-1"}`, "")
	w.write(t, store)
	p.has("tbody tr:first-child", "nightly")
	p.has("tbody tr:first-child.is-fresh .took", "+")
	p.picture("viewer-live")
	p.do(chromedp.Navigate(url + "/traces/" + trace))
	p.has(".verdict-text", "nightly")
	w.point(trace, root, "db", "worker", time.Now(), time.Millisecond, `{"db":{"statement":"SELECT 1"},"host":"node-1"}`, `{"host":"node-1"}`)
	w.write(t, store)
	p.has(".live-more", "2 records more have come")
	p.picture("viewer-more")
	p.follows(".live-more button")
	p.has(".page", "SELECT 1")
}

// TestViewerEmpty: a store without traces says what to do, also in the dark.
func TestViewerEmpty(t *testing.T) {
	store, err := drivers.Open(t.Context(), "memory://", drivers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	p, _ := view(t, store, "/")
	p.has(".state", "no traces in this store yet")
	p.dark(true)
	p.picture("viewer-empty")
	var w writer
	const evil = "<img src=x onerror=alert(1)>"
	w.point("evil", "", evil, evil+"\u202e", time.Now(), time.Second, `{"host":"<script>alert(1)</script>"}`, `{"etype":"`+evil+`","message":"`+evil+`","host":"h"}`)
	for i := range 12 {
		w.cart(traceID(i), time.Now().Add(-time.Hour), i == 0)
	}
	w.write(t, store)
	p.rows(13)
	p.has("tbody tr.is-failed", evil)
	if n := eval[int](p, `document.querySelectorAll("img, iframe, object").length`); n > 0 {
		t.Errorf("%d elements of a trace", n)
	}
	p.picture("viewer-dark")
	p.size(700, 600)
	p.fits()
	p.picture("viewer-narrow")
}
