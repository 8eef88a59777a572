package agent

import (
	"context"
	"crypto/tls"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// watchdogs is longer than any test lasts.
const watchdogs = 5 * time.Minute

// certified is TLS with a certificate for 127.0.0.1, and a client that knows it.
func certified(t *testing.T) (*tls.Config, *http.Client) {
	t.Helper()
	s := httptest.NewTLSServer(http.NotFoundHandler())
	s.Close()
	return &tls.Config{Certificates: s.TLS.Certificates}, s.Client()
}

func TestAddresses(t *testing.T) {
	withTLS, _ := certified(t)
	mutual := withTLS.Clone()
	mutual.ClientCAs = mutual.RootCAs
	something := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(something, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		address, token string
		tls            *tls.Config
		want           string // of the error, "" for none
	}{
		{address: "tcp://127.0.0.1:0"},
		{address: "tcp://localhost:0"},
		{address: "tcp://0.0.0.0:0", want: "needs TLS"},
		{address: "tcp://:0", want: "needs TLS"},
		{address: "tcp://0.0.0.0:0", token: "secret", want: "needs TLS"},
		{address: "tcp://0.0.0.0:0", tls: withTLS, want: "needs a token"},
		{address: "tcp://0.0.0.0:0", tls: withTLS, token: "secret"},
		{address: "tcp://127.0.0.1", want: "write unix:///path"},
		{address: "unix://relative", want: "write unix:///path"},
		{address: "/run/a.sock", want: "write unix:///path"},
		{address: "http://127.0.0.1:0", want: "write unix:///path"},
		{address: "unix://" + something, want: "something else"},
		{address: "unix:///dev/null/a.sock", want: "not a directory"},
	} {
		doors, err := listen(t.Context(), &Config{Listen: []string{"tcp://127.0.0.1:0", c.address}, Token: c.token, TLS: c.tls, SocketMode: 0o660})
		if (err == nil) != (c.want == "") || err != nil && (!strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.address)) {
			t.Errorf("%s: %v, want %q", c.address, err, c.want)
		}
		for _, d := range doors {
			d.Close()
		}
	}
	if text, _ := os.ReadFile(something); string(text) != "mine" {
		t.Error("a file that was in the way is gone")
	}
}

// TestPathOfSocket: its folder is made, and a path that is too long is called that.
func TestPathOfSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run", "sonde", "a.sock")
	doors, err := listen(t.Context(), &Config{Listen: []string{"unix://" + path}, SocketMode: 0o660})
	if err != nil {
		t.Fatal(err)
	}
	doors[0].Close()
	if info, err := os.Stat(filepath.Dir(path)); err != nil || info.Mode().Perm()&0o022 != 0 {
		t.Errorf("the folder: %v, %v", info, err)
	}
	_, err = listen(t.Context(), &Config{Listen: []string{"unix:///" + strings.Repeat("x", 120)}, SocketMode: 0o660})
	if err == nil || !strings.Contains(err.Error(), "at most 107") {
		t.Error(err)
	}
}

func TestUnixSocket(t *testing.T) {
	path := socket(t)
	// What a process that was killed leaves.
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	r := start(t, Config{Listen: []string{"unix://" + path}, SocketMode: 0o600})
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if status, _ := r.get("/healthz"); status != 200 {
		t.Error(status)
	}
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
	if _, err := listen(t.Context(), &Config{Listen: []string{"unix://" + path}, SocketMode: 0o660, SocketGroup: "no such group"}); err == nil {
		t.Error("a group that does not exist is taken")
	}
}

// TestInherited: sockets that are open already are served, and not those that other
// machines reach.
func TestInherited(t *testing.T) {
	open := func(address string) net.Listener {
		l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	r := start(t, Config{Listeners: []net.Listener{open("127.0.0.1:0")}})
	resp, err := http.Get(strings.Replace(r.Addresses()[0], "tcp", "http", 1) + "/healthz")
	if err != nil || resp.StatusCode != 200 {
		t.Fatal(resp, err)
	}
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if _, err := newAgent(context.Background(), Config{Listeners: []net.Listener{open("0.0.0.0:0")}, DataDir: t.TempDir()}, noDrain); err == nil || !strings.Contains(err.Error(), "TLS") {
		t.Errorf("%v", err)
	}
}

func TestToken(t *testing.T) {
	config, client := certified(t)
	defer client.CloseIdleConnections()
	r := start(t, Config{Listen: []string{"tcp://127.0.0.1:0", "unix://" + socket(t)}, TLS: config, Token: "secret"})
	url := strings.Replace(r.Addresses()[0], "tcp", "https", 1)
	for token, want := range map[string]int{"": 401, "Bearer": 401, "Bearer wrong": 401, "Bearer secret": 200} {
		for _, path := range []string{"/v1/events", "/v1/status"} {
			method := "POST"
			if path == "/v1/status" {
				method = "GET"
			}
			req, err := http.NewRequestWithContext(t.Context(), method, url+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if token != "" {
				req.Header.Set("Authorization", token)
			}
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != want {
				t.Errorf("%s %s with %q: %d", method, path, token, resp.StatusCode)
			}
		}
	}
	// The socket has permissions instead.
	if status, _ := r.get("/healthz"); status != 200 {
		t.Error(status)
	}
}

// TestMutual: who has no certificate of the authority gets nowhere.
func TestMutual(t *testing.T) {
	config, client := certified(t)
	defer client.CloseIdleConnections()
	transport := client.Transport.(*http.Transport)
	mutual := config.Clone()
	mutual.ClientAuth = tls.RequireAnyClientCert // the one at hand is for servers
	r := start(t, Config{Listen: []string{"tcp://127.0.0.1:0"}, TLS: mutual})
	url := strings.Replace(r.Addresses()[0], "tcp", "https", 1) + "/healthz"
	if resp, err := client.Get(url); err == nil {
		resp.Body.Close()
		t.Error("a sender without a certificate is answered")
	}
	transport.TLSClientConfig.Certificates = config.Certificates
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
}

func TestConfigErrors(t *testing.T) {
	good := Config{Listen: []string{"unix:///a"}, DataDir: "/b", JetStream: "nats://c"}
	for want, change := range map[string]func(*Config){
		"listens nowhere":   func(c *Config) { c.Listen = nil },
		"nowhere to keep":   func(c *Config) { c.DataDir, c.JetStream = "", "" },
		"nowhere to take":   func(c *Config) { c.JetStream = "" },
		"at least 1 MiB":    func(c *Config) { c.MaxBytes = 1 },
		"every 10ms":        func(c *Config) { c.Sync = 1 },
		"at least 8 MiB of": func(c *Config) { c.MaxMemory = 1 },
	} {
		c := good
		change(&c)
		if _, err := New(t.Context(), c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if c := good.withDefaults(); c.check() != nil {
		t.Error(c.check())
	}
}
