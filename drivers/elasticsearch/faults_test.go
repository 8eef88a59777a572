package elasticsearch

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"log/slog"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest"
	"github.com/sonde-go/sonde/drivers/internal/load"
	"github.com/sonde-go/sonde/profiler"
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

func TestServerDown(t *testing.T) {
	d := openURL(t, "elasticsearch://root:hunter2@127.0.0.1:1/", drivers.Options{})
	err := d.Notify(t.Context(), drivertest.Trace(2, 0))
	oneLine(t, err)
	if !errors.Is(err, record.ErrNotSent) || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("Notify: %v", err)
	}
	oneLine(t, d.Ping(t.Context()))
	for _, err := range d.Records(t.Context(), "x") {
		oneLine(t, err)
	}
	for _, err := range d.Traces(t.Context(), drivers.Query{}) {
		oneLine(t, err)
	}
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
		"elasticsearch://",
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

// allThere closes the service and checks that each of its records is stored
// once.
func allThere(t *testing.T, l *load.Load, f *fake) {
	t.Helper()
	recorded := l.All(t)
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := uint64(len(f.indexes[recordIndex].ids)); n != recorded {
		t.Errorf("%d records in the store, want %d", n, recorded)
	}
}

func retried(s profiler.Stats) bool { return s.Retries > 0 }

func TestDownAndBack(t *testing.T) {
	f := newFake(t, "8.15.0")
	addr := f.Listener.Addr().String()
	s := load.Start(t, openURL(t, f.url(), drivers.Options{}), 200*time.Millisecond)
	s.Work(50)
	s.Until(t, "the first records", func(s profiler.Stats) bool { return s.Acknowledged == 100 })
	f.CloseClientConnections()
	f.Listener.Close()
	s.Work(50)
	s.Until(t, "a retry", retried)
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	back := httptest.NewUnstartedServer(f)
	back.Listener.Close()
	back.Listener = listener
	back.Start()
	defer back.Close()
	s.Work(50)
	allThere(t, s, f)
}

func TestFrozen(t *testing.T) {
	f := newFake(t, "8.15.0")
	d := openURL(t, f.url(), drivers.Options{})
	s := load.Start(t, d, 200*time.Millisecond)
	s.Work(50)
	s.Until(t, "the first records", func(s profiler.Stats) bool { return s.Acknowledged == 100 })
	f.mu.Lock()
	s.Work(50)
	s.Until(t, "a retry", retried)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	if err := d.Ping(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Ping of a frozen server: %v, want that the deadline has passed", err)
	}
	cancel()
	f.mu.Unlock()
	allThere(t, s, f)
}

func TestReplyLost(t *testing.T) {
	f := newFake(t, "8.15.0")
	s := load.Start(t, openURL(t, f.url(), drivers.Options{}), 200*time.Millisecond)
	f.cut = 30
	s.Work(50)
	s.Until(t, "a retry", retried)
	allThere(t, s, f)
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
