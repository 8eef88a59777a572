package elasticsearch

import (
	"bytes"
	"encoding/pem"
	"errors"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/drivers/drivertest/faults"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/record"
)

func logTo(b *bytes.Buffer) *slog.Logger { return slog.New(slog.NewTextHandler(b, nil)) }

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

// TestFaults runs the suite on the stand-in, and has a real server freeze.
func TestFaults(t *testing.T) {
	t.Run("stand-in", func(t *testing.T) {
		faults.Run(t, faults.Harness{New: func(t *testing.T) *faults.Server {
			f := newFake(t, "8.15.0")
			f.password = faults.Secret
			t.Cleanup(func() { // a scroll whose id was lost ends by itself
				f.mu.Lock()
				defer f.mu.Unlock()
				clear(f.scrolls)
			})
			p := faults.NewProxy(t, f.Listener.Addr().String())
			urlAt := func(password, addr string) string { return "elasticsearch://root:" + password + "@" + addr }
			return &faults.Server{
				Addr: p.Addr, Name: "Elasticsearch at " + p.Addr,
				URL:  func(addr string) string { return urlAt(faults.Secret, addr) },
				Stop: p.Stop, Start: p.Start, Kill: p.Stop, Freeze: p.Freeze, Thaw: p.Thaw,
				Wrong:  func(*testing.T) string { return urlAt("x"+faults.Secret, p.Addr) },
				Fill:   f.fill,
				Stored: func(*testing.T) int { return f.stored() },
			}
		}})
	})
	t.Run("ZincSearch", func(t *testing.T) {
		faults.Run(t, faults.Harness{
			Lacks: faults.Only("its index shows new records after seconds; the stand-in is tried", faults.Frozen),
			New: func(t *testing.T) *faults.Server {
				s := servertest.ZincSearch(t)
				filing := drivers.Options{FilterErrorTrace: true}
				url := "elasticsearch://" + s.Addr
				keywords(t, openURL(t, url, filing))
				return &faults.Server{
					URL: func(string) string { return url }, Name: "Elasticsearch at " + s.Addr, Options: filing,
					Freeze: s.Freeze, Thaw: s.Thaw,
					Stored: func(*testing.T) int { return -1 },
				}
			},
		})
	})
}

// fill has the stand-in refuse documents as Elasticsearch does when a disk is
// full.
func (f *fake) fill(*testing.T) (free func()) {
	set := func(refuse func([]byte) (int, string)) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.refuseOf = refuse
	}
	set(func([]byte) (int, string) {
		return 429, "index [osprofiler-notifications] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark];"
	})
	return func() { set(nil) }
}

// stored counts the records.
func (f *fake) stored() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	ix := f.indexes[recordIndex]
	if ix == nil {
		return 0
	}
	return len(ix.ids)
}

func TestCredentials(t *testing.T) {
	f := newFake(t, "8.15.0")
	f.password = "hunter2:@/"
	host := f.Listener.Addr().String()
	d := openURL(t, "elasticsearch://root:hunter2%3A%40%2F@"+host, drivers.Options{})
	if err := d.Notify(t.Context(), drivertest.Trace(2, 0)); err != nil {
		t.Error(err)
	}
	for _, url := range []string{"elasticsearch://root:xhunter2@" + host, "elasticsearch://" + host} {
		d := openURL(t, url, drivers.Options{})
		err := d.Notify(t.Context(), drivertest.Trace(2, 0))
		oneLine(t, err)
		if !errors.Is(err, record.ErrNotSent) || !strings.Contains(err.Error(), "password is wrong") {
			t.Errorf("Notify: %v", err)
		}
		oneLine(t, d.Ping(t.Context()))
	}
}

func TestBadURLs(t *testing.T) {
	for _, url := range []string{
		"elasticsearch://root:hunter2@",
		"elasticsearch://root:hunter2@host:port/",
		"elasticsearch://root:hunter2",
		"elasticsearch://root:hunter2%zz@host/",
		"elasticsearch://root:hunter2/x@host/",
		"elasticsearch://root:hunter2?@host/",
		"elasticsearch://root:hunter2#@host/",
		"elasticsearch://host/?password=hunter2",
		"elasticsearch+https://host/?ssl_ca_certs=%zz",
		"elasticsearch://host/?ssl_cert_reqs=none",
		"elasticsearch+https://host/?ssl_cert_reqs=maybe",
		"elasticsearch+https://host/?ssl_cert_reqs=none&ssl_cert_reqs=none",
		"elasticsearch+https://host/?ssl_ca_certs=/no/such/file",
		"elasticsearch+https://host/?ssl_ca_certs=" + os.Args[0],
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

func TestTLS(t *testing.T) {
	f := newFake(t, "8.15.0")
	server := httptest.NewTLSServer(f)
	defer server.Close()
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	block := &pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}
	if err := os.WriteFile(ca, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	url := "elasticsearch+https://" + server.Listener.Addr().String()
	for _, options := range []string{"?ssl_ca_certs=" + ca, "?ssl_cert_reqs=none"} {
		d := openURL(t, url+options, drivers.Options{})
		if err := d.Notify(t.Context(), drivertest.Trace(2, 0)); err != nil {
			t.Errorf("%s: %v", options, err)
		}
	}
	for _, wrong := range []string{url, strings.Replace(url, "+https", "", 1)} {
		d := openURL(t, wrong, drivers.Options{})
		err := d.Notify(t.Context(), drivertest.Trace(2, 0))
		oneLine(t, err)
		if !errors.Is(err, record.ErrNotSent) {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}

// TestNonsense: what proxies and other servers answer.
func TestNonsense(t *testing.T) {
	for _, body := range []string{"", "<html>\n<b>hunter2", "{}", "[]", `{"items":1}`, `{"error":"field [x]\nparse"}`} {
		untold, err := results([]byte(body), make([]action, 2), map[int]error{})
		if err == nil || strings.Contains(err.Error(), "\n") || len(untold) > 0 {
			t.Errorf("%q: %v, %d untold", body, err, len(untold))
		}
	}
	actions := []action{{event: 0, id: "a"}, {event: 1, id: "b"}, {event: 2, id: "b"}, {event: 3, id: "c"}}
	for body, want := range map[string]string{ // what is not told
		`{"took":1}`: "0123",
		`{"took":1,"errors":true,"error":"parse"}`: "0123",
		`{"items":[]}`: "0123",
		`{"errors":true,"items":[{},1,null,{"index":{}}]}`:                                           "0123",
		`{"items":[{"index":{"_id":"b","status":201}}]}`:                                             "023",
		`{"items":[{"index":{"_id":"x","status":201}}]}`:                                             "0123",
		`{"items":[{"index":{"_id":"c","status":201}},{},[]]}`:                                       "012",
		`{"errors":true,"items":[{},{"index":{"_id":"c","status":201}},1,{"index":{"status":200}}]}`: "02",
		`{"errors":false,"items":[{},{},{},{}]}`:                                                     "",
	} {
		untold, err := results([]byte(body), actions, map[int]error{})
		got := ""
		for _, a := range untold {
			got += string(rune('0' + a.event))
		}
		if err != nil || got != want {
			t.Errorf("%s: %q are not told, %v, want %q", body, got, err, want)
		}
	}
	for info, want := range map[string]server{
		"":                               {known: true},
		"<html>":                         {known: true},
		`{"version":{"number":"x"}}`:     {known: true},
		`{"version":{"number":"0.4.1"}}`: {known: true},
		`{"version":{"number":7}}`:       {known: true},
		`{"version":{"number":"7"}}`:     {known: true, typedCreate: true},
		`{"version":{"number":"10.0"}}`:  {known: true},
	} {
		if got := version([]byte(info)); got != want {
			t.Errorf("%s: %+v, want %+v", info, got, want)
		}
	}
}
