// Package browser tests the pages of package report/html in a real browser, by real
// clicks and keys.
package browser

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/internal/watchdog"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/html"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	code := m.Run()
	quit()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// page is one in a tab of a browser of its own. What it complains of, and each
// request that it makes, fails the test when it ends.
type page struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	problems []string
	server   string // the address that requests may go to, "" for none
}

// open shows a page of a file, in a window of 1280 by 800.
func open(t *testing.T, content []byte) *page {
	t.Helper()
	p := start(t)
	p.load(content)
	return p
}

// load shows a page of a file.
func (p *page) load(content []byte) {
	p.t.Helper()
	file := filepath.Join(p.t.TempDir(), "page.html")
	if err := os.WriteFile(file, content, 0o666); err != nil {
		p.t.Fatal(err)
	}
	p.at("file://" + file)
}

// browser is one for all tests, which have a tab each. It is started by the first.
var browser = sync.OnceValues(func() (ctx context.Context, err error) {
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(program), chromedp.WindowSize(1280, 800))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // which root cannot have
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	quit = func() {
		_ = chromedp.Cancel(ctx) // it ends all the same
		cancel()
		stop()
	}
	return ctx, chromedp.Do(ctx)
})

var (
	program string      // of the browser
	quit    = func() {} // ends it, if it was started
)

// start opens an empty tab.
func start(t *testing.T) *page {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a browser")
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			program = found
			break
		}
	}
	if program == "" {
		servertest.Missing(t, "chromium", "apt-get install chromium")
	}
	all, err := browser()
	if err != nil {
		t.Fatal(err)
	}
	p := &page{t: t}
	ctx, closeTab := chromedp.NewContext(all, chromedp.WithListener(p.hear))
	p.ctx = ctx
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Error(err)
		}
		closeTab()
		for _, problem := range p.forgive() {
			t.Error(problem)
		}
	})
	call(p, network.Enable, network.EnableParams{})
	call(p, log.Enable, cdp.Empty{})
	p.size(1280, 800)
	return p
}

// at goes to an address and waits for the page's content.
func (p *page) at(url string) {
	p.t.Helper()
	p.do(chromedp.Navigate(url))
	p.until("the page's content", `document.querySelector(".verdict-text, .problem") !== null`)
}

// hear is called for what happens in the browser.
func (p *page) hear(event any) {
	problem := ""
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		problem = fmt.Sprintf("console: %s, %d values", e.Type, len(e.Args))
	case *runtime.EventExceptionThrown:
		problem = "exception: " + e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			problem += " " + e.ExceptionDetails.Exception.Description
		}
	case *log.EventEntryAdded:
		problem = fmt.Sprintf("log: %s: %s", e.Entry.Level, e.Entry.Text)
	case *network.EventRequestWillBeSent:
		p.mu.Lock()
		own := p.server != "" && strings.HasPrefix(e.Request.URL, p.server+"/")
		p.mu.Unlock()
		if url := e.Request.URL; !own && !strings.HasPrefix(url, "file://") && !strings.HasPrefix(url, "data:") && !strings.HasPrefix(url, "blob:") {
			problem = "request: " + url
		}
	}
	if problem != "" {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.problems = append(p.problems, problem)
	}
}

// forgive forgets the problems so far and returns them.
func (p *page) forgive() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	was := p.problems
	p.problems = nil
	return was
}

// do runs actions, which wait for what they need.
func (p *page) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	run(p, chromedp.Steps(actions...))
}

// run runs an action and returns what it makes.
func run[T any](p *page, action chromedp.Action[T]) T {
	p.t.Helper()
	type answer struct {
		value T
		err   error
	}
	done := make(chan answer, 1)
	go func() {
		value, err := chromedp.Run(p.ctx, action)
		done <- answer{value, err}
	}()
	a := watchdog.Await(p.t, "the browser", done)
	if a.err != nil {
		p.t.Fatal(a.err)
	}
	return a.value
}

// call sends a command of the browser's protocol.
func call[P, R any](p *page, command cdp.Command[P, R], params P) R {
	p.t.Helper()
	return run(p, func(ctx context.Context, _ *chromedp.Target) (R, error) { return chromedp.Call(ctx, command, params) })
}

// eval returns what a JavaScript expression is.
func eval[T any](p *page, js string) T {
	p.t.Helper()
	return run(p, chromedp.Evaluate[T](js, chromedp.EvalAwaitPromise))
}

// until waits for a JavaScript expression to be true.
func (p *page) until(what, js string) {
	p.t.Helper()
	watchdog.Until(p.t, what+": "+js, func() bool { return eval[bool](p, js) })
}

// click clicks on an element. The page may draw it anew between the moment that it is
// found and the click, as the viewer's list does when a trace comes: then it is clicked
// on again.
func (p *page) click(selector string) {
	p.t.Helper()
	watchdog.Until(p.t, "a click on "+selector, func() bool {
		return run(p, func(ctx context.Context, _ *chromedp.Target) (bool, error) {
			_, err := chromedp.Run(ctx, chromedp.Click(chromedp.CSS(selector)))
			if err != nil && strings.Contains(err.Error(), "Could not find node with given id") {
				return false, nil
			}
			return true, err
		})
	})
}

// press types keys, which go to what has the focus. As with a keyboard, a character
// is not typed where the page has taken its key.
func (p *page) press(keys ...string) {
	p.t.Helper()
	for _, key := range strings.Join(keys, "") {
		var down *input.DispatchKeyEventParams
		for _, event := range kb.Encode(key) {
			switch event.Type {
			case kb.KeyDown, kb.KeyRawDown:
				down = event
				down.Type = kb.KeyDown
			case kb.KeyChar:
				down.Text = event.Text
			default:
				call(p, input.DispatchKeyEvent, *down)
				call(p, input.DispatchKeyEvent, *event)
			}
		}
	}
}

// text is that of the first element of a selector, "" if there is none.
func (p *page) text(selector string) string {
	p.t.Helper()
	return eval[string](p, fmt.Sprintf(`document.querySelector(%q)?.innerText ?? ""`, selector))
}

// has waits for an element to say something.
func (p *page) has(selector, text string) {
	p.t.Helper()
	p.until(selector+" says "+text, fmt.Sprintf(`[...document.querySelectorAll(%q)].some((e) => e.checkVisibility() && e.innerText.includes(%q))`, selector, text))
}

// size changes the window's.
func (p *page) size(width, height int64) {
	p.t.Helper()
	call(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1})
}

// dark has the system ask for dark colours.
func (p *page) dark(on bool) {
	p.t.Helper()
	scheme := map[bool]string{true: "dark", false: "light"}[on]
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
}

// picture keeps a picture of the window in the folder SONDE_SCREENSHOTS, if that is
// set: what a page looks like, only people can judge.
func (p *page) picture(name string) {
	p.t.Helper()
	dir := os.Getenv("SONDE_SCREENSHOTS")
	if dir == "" {
		return
	}
	eval[bool](p, `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`)
	png := run(p, chromedp.CaptureScreenshot())
	if err := os.MkdirAll(dir, 0o777); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o666); err != nil {
		p.t.Fatal(err)
	}
}

// fits fails the test if something is wider than the window.
func (p *page) fits() {
	p.t.Helper()
	if wide := eval[string](p, `document.documentElement.scrollWidth > innerWidth ? document.documentElement.scrollWidth + " pixels" : ""`); wide != "" {
		p.t.Errorf("the page is too wide: %s", wide)
	}
}

// written is the page of a trace.
func written(t *testing.T, r *report.Report) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := html.Write(&out, r, report.Options{}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
