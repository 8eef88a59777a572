package loginsight

import (
	"encoding/pem"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/drivers/drivertest/faults"
	"github.com/sonde-go/sonde/record"
)

var quietLog = slog.NewLogLogger(slog.DiscardHandler, 0)

// oneLine checks that an error can be shown to a user.
func oneLine(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Error("no error")
		return
	}
	if text := err.Error(); strings.ContainsAny(text, "\n\r") || strings.Contains(text, "hunter2") {
		t.Errorf("the error is %q", text)
	}
}

func TestFaults(t *testing.T) {
	faults.Run(t, faults.Harness{New: func(t *testing.T) *faults.Server {
		f := newFake(t)
		f.password, f.private = faults.Secret, true
		p := faults.NewProxy(t, f.Listener.Addr().String())
		urlAt := func(password, addr string) string {
			return "loginsight://osprofiler:" + password + "@" + addr + "?insecure=true"
		}
		return &faults.Server{
			Addr: p.Addr, Name: "Log Insight at " + p.Addr,
			URL:  func(addr string) string { return urlAt(faults.Secret, addr) },
			Stop: p.Stop, Start: p.Start, Kill: p.Stop, Freeze: p.Freeze, Thaw: p.Thaw,
			Wrong:  func(*testing.T) string { return urlAt("x"+faults.Secret, p.Addr) },
			Fill:   f.fill,
			Stored: func(*testing.T) int { return f.stored() },
		}
	}})
}

// fill has the stand-in refuse events for a while.
func (f *fake) fill(*testing.T) (free func()) {
	set := func(refuse func(*http.Request, string) int) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.refuse = refuse
	}
	set(func(r *http.Request, _ string) int {
		if r.URL.Path == ingestPath {
			return http.StatusInsufficientStorage
		}
		return 0
	})
	return func() { set(nil) }
}

// stored counts the distinct records.
func (f *fake) stored() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	distinct := map[string]bool{}
	for _, e := range f.events {
		distinct[e.Fields[1].Content+e.Fields[4].Content] = true
	}
	return len(distinct)
}

func TestCertificate(t *testing.T) {
	f := newFake(t)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	block := &pem.Block{Type: "CERTIFICATE", Bytes: f.Certificate().Raw}
	if err := os.WriteFile(ca, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	plain := strings.TrimSuffix(f.url(), "?insecure=true")
	if err := openURL(t, plain+"?ssl_ca_certs="+url.QueryEscape(ca)).Ping(t.Context()); err != nil {
		t.Error(err)
	}
	for _, url := range []string{plain, plain + "?insecure=false"} {
		err := openURL(t, url).Notify(t.Context(), drivertest.Trace(2, 0))
		oneLine(t, err)
		if !errors.Is(err, record.ErrNotSent) || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("Notify to a server with a certificate of its own: %v", err)
		}
	}
}

func TestBadURLs(t *testing.T) {
	for _, url := range []string{
		"loginsight://",
		"loginsight://host",
		"loginsight://root@host",
		"loginsight://root:@host",
		"loginsight://:hunter2@host",
		"loginsight://root:hunter2@",
		"loginsight://root:hunter2",
		"loginsight://root:hunter2%zz@host",
		"loginsight://root:hunter2/@host",
		"loginsight://root:hunter2@host/path",
		"loginsight://root:hunter2@host?insecure=maybe",
		"loginsight://root:hunter2@host?other=1",
		"loginsight://root:hunter2@host?ssl_ca_certs=/no/such/file",
	} {
		d, err := drivers.Open(t.Context(), url, drivers.Options{})
		if err == nil {
			_ = d.Close()
			t.Errorf("%s was opened", url)
			continue
		}
		oneLine(t, err)
	}
}
