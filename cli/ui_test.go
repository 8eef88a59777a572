package cli

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/internal/watchdog"
)

// TestUI: the viewer answers what the command prints, until it is interrupted.
func TestUI(t *testing.T) {
	store := store(t)
	t.Setenv("OSPROFILER_CONNECTION_STRING", store)
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	out, in := io.Pipe()
	var stderr strings.Builder
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"ui", "--listen", "127.0.0.1:0"}, streams{strings.NewReader(""), in, &stderr})
		in.Close()
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("%v, stderr %q", err, stderr.String())
	}
	root := strings.TrimSuffix(line, "/\n")
	get := func(path string) string {
		t.Helper()
		answer, err := http.Get(root + path)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%s: %v, %s %s", path, err, answer.Status, text)
		}
		return string(text)
	}
	for path, args := range map[string]string{
		"/traces":                              "trace list",
		"/traces?limit=1&search=CHECKOUT":      "trace list --limit 1 --search CHECKOUT",
		"/traces?min-duration=1s&limit=5":      "trace list --min-duration 1s --limit 5",
		"/traces?service=cart&sort=points":     "trace list --service cart --sort points",
		"/traces?since=2026-01-02T04:00":       "trace list --since 2026-01-02T04:00",
		"/traces/" + checkout:                  "trace show " + checkout,
		"/traces/last":                         "trace show last",
		"/diff?a=" + checkout + "&b=" + refund: "trace diff " + checkout + " " + refund,
		"/stats?name=POST+%2Frefund":           "trace stats --name POST_/refund",
		"/stats?before=2026-01-02T04:00":       "trace stats --before 2026-01-02T04:00",
	} {
		words := strings.Fields(args)
		for i := range words {
			words[i] = strings.ReplaceAll(words[i], "POST_", "POST ")
		}
		printed := command(t, append(words, "--format", "json")...)
		if got := get("/api/v1" + path); printed.code != exitFine || got != printed.out {
			t.Errorf("%s: %s, want %s", path, got, printed.out)
		}
	}
	if !strings.Contains(get("/"), "<title>Sonde</title>") {
		t.Error("no page")
	}
	follows, err := http.Get(root + "/api/v1/tail")
	if err != nil {
		t.Fatal(err)
	}
	defer follows.Body.Close()
	interrupt()
	if code := watchdog.Await(t, "the end", ended); code != exitFine || stderr.String() != "sonde: the traces of "+store+"; Ctrl-C ends\n" {
		t.Errorf("exit %d, stderr %q", code, stderr.String())
	}
	http.DefaultClient.CloseIdleConnections()
}

// TestUIPortInUse: a port that is in use is said, with what to do.
func TestUIPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	command(t, "ui", "--listen", l.Addr().String(), "--connection-string", store(t)).
		checkFails(t, exitFailed, "^sonde: "+l.Addr().String()+" is in use, perhaps by another sonde ui: give --listen 127.0.0.1:0 for a free port$")
	command(t, "ui", "--listen", "nonsense", "--connection-string", store(t)).checkFails(t, exitFailed, "nonsense: missing port")
}

// TestUIAccess: a token is required wherever others may reach the viewer, and the URL
// has it and a name that the viewer answers to.
func TestUIAccess(t *testing.T) {
	for name, tt := range map[string]struct {
		cmd  uiCmd
		addr string
		host string
		want bool
	}{
		"loopback":         {uiCmd{Listen: "127.0.0.1:0"}, "127.0.0.1", "127.0.0.1:7", false},
		"by name":          {uiCmd{Listen: "localhost:0"}, "127.0.0.1", "127.0.0.1:7", false},
		"IPv6":             {uiCmd{Listen: "[::1]:0"}, "::1", "[::1]:7", false},
		"everywhere":       {uiCmd{Listen: "0.0.0.0:0"}, "0.0.0.0", "localhost:7", true},
		"no host":          {uiCmd{Listen: ":0"}, "::", "localhost:7", true},
		"an address":       {uiCmd{Listen: "192.0.2.1:0"}, "192.0.2.1", "192.0.2.1:7", true},
		"a name of others": {uiCmd{Listen: "0.0.0.0:0", Host: []string{"traces.example"}}, "0.0.0.0", "traces.example:7", true},
	} {
		addr := &net.TCPAddr{IP: net.ParseIP(tt.addr), Port: 7}
		o := tt.cmd.options(addr)
		u, err := url.Parse(viewerURL(addr, o))
		if err != nil || u.Host != tt.host || u.Path != "/" || (o.Token != "") != tt.want || u.Query().Get("token") != o.Token {
			t.Errorf("%s: %v, %s, %+v", name, err, u, o)
		}
	}
}
