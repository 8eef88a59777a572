package loginsight

import (
	"context"
	"encoding/pem"
	"errors"
	"log/slog"
	"net"
	"net/http/httptest"
	"net/url"
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

func TestServerDown(t *testing.T) {
	d := openURL(t, "loginsight://root:hunter2@127.0.0.1:1")
	err := d.Notify(t.Context(), drivertest.Trace(2, 0))
	oneLine(t, err)
	if !errors.Is(err, record.ErrNotSent) || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("Notify: %v", err)
	}
	oneLine(t, d.Ping(t.Context()))
	for _, err := range d.Records(t.Context(), "x") {
		oneLine(t, err)
	}
}

func TestWrongCredentials(t *testing.T) {
	f := newFake(t)
	f.private = true
	d := openURL(t, strings.Replace(f.url(), "hunter2", "xhunter2", 1))
	err := d.Notify(t.Context(), drivertest.Trace(2, 0))
	if !errors.Is(err, record.ErrNotSent) {
		t.Errorf("Notify: %v", err)
	}
	errs := []error{err, d.Ping(t.Context())}
	for _, err := range d.Records(t.Context(), "x") {
		errs = append(errs, err)
	}
	for _, err := range errs {
		oneLine(t, err)
		if err != nil && !strings.Contains(err.Error(), "password is wrong") {
			t.Errorf("got %v", err)
		}
	}
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

// allThere closes the service and checks that each of its records is stored.
func allThere(t *testing.T, l *load.Load, f *fake) {
	t.Helper()
	recorded := l.All(t)
	f.mu.Lock()
	defer f.mu.Unlock()
	distinct := map[string]bool{}
	for _, e := range f.events {
		distinct[e.Fields[1].Content+e.Fields[4].Content] = true
	}
	if uint64(len(distinct)) != recorded {
		t.Errorf("%d records in the store, want %d", len(distinct), recorded)
	}
}

func retried(s profiler.Stats) bool { return s.Retries > 0 }

func first(s profiler.Stats) bool { return s.Acknowledged == 100 }

func TestDownAndBack(t *testing.T) {
	f := newFake(t)
	addr := f.Listener.Addr().String()
	s := load.Start(t, openURL(t, f.url()), 300*time.Millisecond)
	s.Work(50)
	s.Until(t, "the first records", first)
	f.CloseClientConnections()
	f.Listener.Close()
	s.Work(50)
	s.Until(t, "a retry", retried)
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	back := httptest.NewUnstartedServer(f)
	back.Config.ErrorLog = quietLog
	back.Listener.Close()
	back.Listener = listener
	back.StartTLS()
	defer back.Close()
	s.Work(50)
	allThere(t, s, f)
}

func TestFrozen(t *testing.T) {
	f := newFake(t)
	d := openURL(t, f.url())
	s := load.Start(t, d, 300*time.Millisecond)
	s.Work(50)
	s.Until(t, "the first records", first)
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
	f := newFake(t)
	s := load.Start(t, openURL(t, f.url()), 300*time.Millisecond)
	f.cut = true
	s.Work(50)
	s.Until(t, "a retry", retried)
	allThere(t, s, f)
}
