package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// measure is one figure of the page.
type measure struct {
	what, unit string
	value      float64
}

func (m measure) String() string {
	return fmt.Sprintf("%.1f %s", m.value, m.unit)
}

//go:embed watch.js
var watch string // runs before the page's own script

// opened opens a page several times, each in a tab of its own, and returns the median
// of each measure.
func opened(file string, rounds int) ([]measure, error) {
	browser, stop, err := start()
	if err != nil {
		return nil, err
	}
	defer stop()
	var all [][]measure
	for range rounds {
		tab, closeTab := chromedp.NewContext(browser)
		tab, cancel := context.WithTimeout(tab, 5*time.Minute)
		m, err := once(tab, file)
		cancel()
		closeTab()
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	if len(all) == 0 {
		return nil, errors.New("no rounds")
	}
	median := all[0]
	for i := range median {
		var values []float64
		for _, m := range all {
			values = append(values, m[i].value)
		}
		slices.Sort(values)
		median[i].value = values[len(values)/2]
	}
	return median, nil
}

// start starts a browser without a window.
func start() (ctx context.Context, stop func(), err error) {
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.WindowSize(1280, 800))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // which root cannot have
	}
	if name, err := exec.LookPath("chromium"); err == nil {
		options = append(options, chromedp.ExecPath(name))
	}
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	stop = func() {
		_ = chromedp.Cancel(ctx) // it ends all the same
		cancel()
		stopAllocator()
	}
	if err := chromedp.Do(ctx); err != nil {
		stop()
		return nil, nil, fmt.Errorf("no browser could be started (apt-get install chromium): %w", err)
	}
	return ctx, stop, nil
}

// once opens the page, searches and scrolls in it.
func once(ctx context.Context, file string) ([]measure, error) {
	size, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if _, err := send(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: watch}); err != nil {
		return nil, err
	}
	if err := chromedp.Do(ctx, chromedp.Navigate("file://"+file)); err != nil {
		return nil, err
	}
	var m []measure
	var failed error
	add := func(what, unit, js string) {
		if failed != nil {
			return
		}
		value, err := chromedp.Run(ctx, chromedp.Evaluate[float64](js, chromedp.EvalAwaitPromise))
		if err != nil {
			failed = fmt.Errorf("%s: %w", what, err)
		}
		m = append(m, measure{what, unit, value})
	}
	heap := func(what string) {
		if failed != nil {
			return
		}
		if _, failed = send(ctx, heapprofiler.CollectGarbage, cdp.Empty{}); failed != nil {
			return
		}
		used, err := send(ctx, runtime.GetHeapUsage, cdp.Empty{})
		failed = err
		m = append(m, measure{what, "MB", used.UsedSize / 1e6})
	}
	m = append(m, measure{"page, with data", "kB", float64(size.Size()) / 1000})
	add("page, without data", "kB", fmt.Sprintf(`(%d - document.getElementById("data").textContent.length) / 1000`, size.Size()))
	add("navigation to first paint", "ms", "bench.usable.then(bench.painted)")
	add("navigation to rows seen, and no work left", "ms", "bench.usable")
	heap("JavaScript heap, opened")
	add("first search through everything", "ms", `bench.search("sku, price from items where id")`)
	add("later search: other words", "ms", `bench.search("update stock set")`)
	add("later search: service and duration", "ms", `bench.search("service:catalog min:1ms")`)
	add("later search: nothing found", "ms", `bench.search("no-such-words")`)
	add("search cleared", "ms", `bench.search("")`)
	heap("JavaScript heap, after searches")
	add("scrolling, median frame", "ms", "bench.scroll().then((f) => f.median)")
	add("scrolling, p95 frame", "ms", "bench.frames.p95")
	add("flame graph drawn", "ms", `bench.tab(2, ".frame")`)
	add("statistics drawn", "ms", `bench.tab(3, "tbody tr")`)
	return m, failed
}

// send sends a command of the browser's protocol to the page's tab.
func send[P, R any](ctx context.Context, command cdp.Command[P, R], params P) (R, error) {
	return chromedp.Run(ctx, func(ctx context.Context, _ *chromedp.Target) (R, error) { return chromedp.Call(ctx, command, params) })
}
