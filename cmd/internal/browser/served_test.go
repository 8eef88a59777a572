package browser

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/document"
	"github.com/sonde-go/sonde/report/html"
)

// TestServed: a page that is served asks its server for its document, and nobody for
// anything else. It says that it waits, and what the server says against it.
func TestServed(t *testing.T) {
	r := checkout(t)
	mux := http.NewServeMux()
	page := func(w http.ResponseWriter, url string) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", html.Policy("'self'"))
		if err := html.WriteServed(w, "A trace", url, "/list"); err != nil {
			t.Error(err)
		}
	}
	mux.HandleFunc("GET /trace", func(w http.ResponseWriter, _ *http.Request) { page(w, "/api/trace") })
	mux.HandleFunc("GET /gone", func(w http.ResponseWriter, _ *http.Request) { page(w, "/api/gone") })
	mux.HandleFunc("GET /api/trace", func(w http.ResponseWriter, _ *http.Request) {
		if err := document.Write(w, r, report.Options{}); err != nil {
			t.Error(err)
		}
	})
	mux.HandleFunc("GET /api/gone", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "<b>no such trace</b>", http.StatusNotFound)
	})
	answered := make(chan struct{})
	answer := sync.OnceFunc(func() { close(answered) })
	mux.HandleFunc("GET /slow", func(w http.ResponseWriter, _ *http.Request) { page(w, "/api/slow") })
	mux.HandleFunc("GET /api/slow", func(w http.ResponseWriter, _ *http.Request) {
		<-answered
		if err := document.Write(w, r, report.Options{}); err != nil {
			t.Error(err)
		}
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	defer answer()

	p := start(t)
	p.at(server.URL + "/trace")
	p.has(".verdict-text", "POST /v1/pay")
	p.until("its name leads to the list", `document.querySelector("a.brand").getAttribute("href") === "/list"`)
	want := []string{"request: " + server.URL + "/trace", "request: " + server.URL + "/api/trace"}
	if got := p.forgive(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	const says = `(() => { const s = getComputedStyle(document.querySelector(".page"), "::before"); return s.visibility === "visible" && s.content.includes("Opening") })()`
	p.do(chromedp.Navigate(server.URL + "/slow"))
	p.until("it says that it waits", says)
	answer()
	p.has(".verdict-text", "POST /v1/pay")
	p.until("it waits no more", "!"+says)
	p.at(server.URL + "/gone")
	p.has(".problem", "404: <b>no such trace</b>")
	for _, problem := range p.forgive() {
		if !strings.HasPrefix(problem, "request: "+server.URL) && !strings.Contains(problem, "404") { // which the browser logs
			t.Error(problem)
		}
	}
}
