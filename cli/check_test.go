package cli

import (
	"cmp"
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/internal/servertest/natstest"
	"github.com/sonde-go/sonde/record"
)

func TestCheck(t *testing.T) {
	url := store(t)
	r := command(t, "check", "--connection-string", url, "--hmac-key", "k1,k2")
	r.checkFine(t, "")
	for _, want := range []string{"ok   2 HMAC keys", "answers", "probe trace was written", "read back", "removed", "future"} {
		if !strings.Contains(r.out, want) {
			t.Errorf("does not say %q:\n%s", want, r.out)
		}
	}
	if list := command(t, "trace", "list", "--connection-string", url); strings.Contains(list.out, "sonde_check") {
		t.Errorf("the probe stays:\n%s", list.out)
	}
}

func TestCheckCountsKeys(t *testing.T) {
	url := store(t)
	for keys, want := range map[string]string{
		"a-key-that-nobody-guesses":                           "ok   1 HMAC key\n",
		"a-key-that-nobody-guesses, another-one-that-is-long": "ok   2 HMAC keys; the first one signs, all verify\n",
	} {
		r := command(t, "check", "--connection-string", url, "--hmac-key", keys)
		r.checkFine(t, "")
		if !strings.Contains(r.out, want) || strings.Contains(r.out, "WARN") {
			t.Errorf("%q: %s", keys, r.out)
		}
	}
}

// TestCheckWarns of secrets that others can read or guess. A warning is no
// failure.
func TestCheckWarns(t *testing.T) {
	url := store(t)
	dir := t.TempDir()
	conf := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("[profiler]\n"+text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const good = "hmac_keys = a-key-that-nobody-guesses\n"
	for name, c := range map[string]struct {
		args []string
		want string // "": no warning
	}{
		"readable by all":      {[]string{"--config", conf("all", good, 0o644)}, "WARN everybody on this machine can read " + dir + "/all"},
		"a password for all":   {[]string{"--config", conf("password", "connection_string = redis://u:secret@localhost\n", 0o604)}, "WARN everybody"},
		"readable by a group":  {[]string{"--config", conf("group", good, 0o640)}, ""},
		"no secret in it":      {[]string{"--config", conf("public", "enabled = true\n", 0o644)}, ""},
		"a short key":          {[]string{"--hmac-key", "a-key-that-nobody-guesses,secret"}, "WARN HMAC key 2 has fewer than 16 characters"},
		"a key in the default": {nil, ""},
	} {
		r := command(t, append([]string{"check", "--connection-string", url}, c.args...)...)
		r.checkFine(t, "")
		if c.want == "" && strings.Contains(r.out, "WARN") || !strings.Contains(r.out, c.want) || strings.Contains(r.out, "secret ") {
			t.Errorf("%s: want %q in\n%s", name, c.want, r.out)
		}
	}
}

// TestCheckFindsTheWrongProtocol has real servers that speak TLS where the URL
// does not, and the other way round.
func TestCheckFindsTheWrongProtocol(t *testing.T) {
	plainRedis, tlsRedis := servertest.Redis(t), must(servertest.RedisTLS(t))
	plainNATS := natstest.JetStream(t)
	cert, key := servertest.Certificate(t)
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	tlsNATS := natstest.Start(t, server.Options{JetStream: true, StoreDir: t.TempDir(), TLS: true, TLSTimeout: 10, TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}}})
	web := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	webTLS := httptest.NewUnstartedServer(http.NotFoundHandler())
	webTLS.Config.ErrorLog = log.New(io.Discard, "", 0)
	webTLS.StartTLS()
	t.Cleanup(webTLS.Close)
	rabbit := servertest.RabbitMQ(t)
	frontTLS := tlsFront(t, pair)
	for url, want := range map[string]string{
		"redis://" + tlsRedis.Addr:                                                               `speaks TLS .* want rediss://`,
		"rediss://" + plainRedis.Addr:                                                            `does not speak TLS .* want redis://`,
		"nats+tls://" + plainNATS.Addr:                                                           `does not speak TLS .* want nats://`,
		"nats://" + tlsNATS.Addr:                                                                 `speaks TLS .* want nats\+tls://`,
		"elasticsearch://" + webTLS.Listener.Addr().String():                                     `speaks TLS .* want elasticsearch\+https://`,
		"elasticsearch+https://" + web.Listener.Addr().String():                                  `does not speak TLS .* want elasticsearch://`,
		"otlp://" + webTLS.Listener.Addr().String():                                              `speaks TLS .* want otlp\+https://`,
		"otlp+https://" + web.Listener.Addr().String():                                           `does not speak TLS .* want otlp://`,
		"messaging://guest:guest@" + rabbit.Addr + "/?ssl=1":                                     `does not speak TLS .* want no option tls`,
		"messaging://guest:guest@" + frontTLS:                                                    `speaks TLS .* want the option tls=true`,
		"mongodb://" + frontTLS + "/?serverSelectionTimeoutMS=2000":                              `speaks TLS .* want the option tls=true`,
		"mongodb://" + web.Listener.Addr().String() + "/?tls=true&serverSelectionTimeoutMS=2000": `does not speak TLS .* want no option tls`,
	} {
		t.Run(url, func(t *testing.T) {
			t.Parallel()
			r := command(t, "check", "--timeout", "10s", "--connection-string", url)
			if r.code != exitFailed || !regexp.MustCompile(`\nFAIL .*\nnote \S+ `+want+`\n`).MatchString("\n"+r.out) {
				t.Errorf("%s: want a note that it %s, got\n%s%s", url, want, r.out, r.err)
			}
		})
	}
	if r := command(t, "check", "--connection-string", "redis://"+plainRedis.Addr); r.code != exitFine || strings.Contains(r.out, "TLS") {
		t.Errorf("%+v", r)
	}
	if r := command(t, "check", "--connection-string", "redis://127.0.0.1:1"); strings.Contains(r.out, "TLS") {
		t.Errorf("%+v", r)
	}
}

// tlsFront is a server that speaks TLS and then says nothing.
func tlsFront(t *testing.T, pair tls.Certificate) (addr string) {
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
	if err != nil {
		t.Fatal(err)
	}
	var conns sync.WaitGroup
	conns.Add(1)
	go func() {
		defer conns.Done()
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns.Add(1)
			go func() {
				defer conns.Done()
				_ = c.(*tls.Conn).Handshake()
				_, _ = io.Copy(io.Discard, c)
				c.Close()
			}()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		conns.Wait()
	})
	return l.Addr().String()
}

func must(s *servertest.Server, _ string) *servertest.Server { return s }

func TestCheckFindsFaults(t *testing.T) {
	future := "memory://check-future"
	d, err := drivers.Open(t.Context(), future, drivers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	id := header.NewID()
	if err := d.Notify(t.Context(), []record.Event{record.New(record.Fields{Name: "x", Service: "cart", Trace: id, Parent: id, Point: header.NewID(), Time: time.Now().Add(time.Hour).UnixNano(), Info: []byte(`{}`)})}); err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(t.TempDir(), "shop.conf")
	if err := os.WriteFile(conf, []byte("[profiler]\nhmac_keys = SECRET_KEY\nconnection_string = gopher://u:secret@h\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args  []string
		wants []string
	}{
		{[]string{"--connection-string", future}, []string{`FAIL the newest trace, of service cart, begins (1h0m0s|59m\d+s) from now`, `note no HMAC key`}},
		{[]string{"--config", conf}, []string{`FAIL hmac_keys holds SECRET_KEY`, `FAIL .*gopher`}},
		{[]string{"--connection-string", "redis://u:secret@127.0.0.1:1", "--timeout", "2s"}, []string{`FAIL the store does not answer: ping redis://u:\S+@127.0.0.1:1`}},
	} {
		r := command(t, append([]string{"check"}, c.args...)...)
		if r.code != exitFailed || r.err != "" {
			t.Errorf("%v: exit %d, stderr %q", c.args, r.code, r.err)
		}
		for _, want := range c.wants {
			if !regexp.MustCompile(want).MatchString(r.out) {
				t.Errorf("%v does not say %q:\n%s", c.args, want, r.out)
			}
		}
		if strings.Contains(r.out, ":secret") {
			t.Errorf("shows a password:\n%s", r.out)
		}
	}
	command(t, "check", "--config", "/nothing/there").checkFails(t, exitFailed, "/nothing/there")
}

// TestCheckForgetful: a store that loses what it has acknowledged when its server ends
// is no failure, and is said.
func TestCheckForgetful(t *testing.T) {
	broker := servertest.RabbitMQ(t)
	for url, want := range map[string]string{
		"memory://check-forgets":                                "the store ends with this process",
		"messaging://guest:guest@" + broker.Addr + "/":          "RabbitMQ keeps no record of the queue profiler.info when it is restarted",
		"messaging://" + broker.Addr + "/?queue=q&durable=true": "",
	} {
		r := command(t, "check", "--connection-string", url)
		if r.code != exitFine || r.err != "" {
			t.Errorf("%s: %+v", url, r)
		}
		if says := strings.Contains(r.out, "\nWARN "+cmp.Or(want, "RabbitMQ keeps no record")); says != (want != "") {
			t.Errorf("%s: want %q in\n%s", url, want, r.out)
		}
	}
}
