package webstore

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/internal/answer"
	"github.com/sonde-go/sonde/record"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestParse(t *testing.T) {
	for url, want := range map[string]Address{
		"x://host":                         {Host: "host:9"},
		"x://host/":                        {Host: "host:9"},
		"x://host:1/a/b/":                  {Host: "host:1", Path: "/a/b"},
		"x://[::1]":                        {Host: "[::1]:9"},
		"x://[::1]:1?o=a%26b":              {Host: "[::1]:1"},
		"x://u:p%40%3A%2F%3F%25w@host?o=1": {User: "u", Password: "p@:/?%w", Host: "host:9"},
		"x://u@host":                       {User: "u", Host: "host:9"},
	} {
		got, err := Parse(url, "9", "o")
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		if got.User != want.User || got.Password != want.Password || got.Host != want.Host || got.Path != want.Path {
			t.Errorf("%s: %+v, want %+v", url, *got, want)
		}
	}
	for _, bad := range []string{"x://", "x://:9", "x://u:p@", "x://h:port", "x://u:p@q@h/@", "x://h?p=1", "x://h?o=1&o=2", "x://h?o=%zz", "x://h#@", "x://u:%zz@h"} {
		if got, err := Parse(bad, "9", "o"); err == nil {
			t.Errorf("%s: %+v", bad, *got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("x://user:pass@host:9/path?o=1")
	f.Add("x://[::1%25eth0]:9#")
	f.Fuzz(func(t *testing.T, url string) {
		a, err := Parse(url, "9", "o")
		if err != nil {
			return
		}
		if a.Host == "" || strings.ContainsAny(a.Host, "/@") || strings.HasSuffix(a.Path, "/") {
			t.Errorf("%q: %+v", url, *a)
		}
	})
}

func TestDo(t *testing.T) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	}))
	defer server.Close()
	c := New(answer.Limit{Store: "a store", Time: time.Minute}, time.Second, nil)
	reply, err := c.Do(t.Context(), Request{Method: "GET", URL: server.URL + "/here"})
	if err != nil || reply.Status != http.StatusFound {
		t.Errorf("%+v, %v", reply, err)
	}
	if len(asked) != 1 || asked[0] != "/here" {
		t.Errorf("a redirect was followed: %q", asked)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Do(ctx, Request{Method: "GET", URL: server.URL}); !errors.Is(err, context.Canceled) {
		t.Errorf("with a cancelled context: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// TestSilent: a server that stops in the middle of its answer is not waited for,
// and one that is slow is.
func TestSilent(t *testing.T) {
	released := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/stops" {
			_, _ = w.Write([]byte("begun"))
			w.(http.Flusher).Flush()
			<-released
		}
		_, _ = w.Write([]byte("done"))
	}))
	defer server.Close()
	defer close(released)
	c := New(answer.Limit{Store: "a store", Time: 200 * time.Millisecond}, time.Second, nil)
	defer c.Close()
	_, err := c.Do(t.Context(), Request{Method: "GET", URL: server.URL + "/stops"})
	if !errors.Is(err, drivers.ErrNoAnswer) || errors.Is(err, record.ErrNotSent) || !strings.HasPrefix(err.Error(), "a store did not answer") {
		t.Errorf("a server that stops: %v", err)
	}
	c.limit.Time = time.Hour
	if reply, err := c.Do(t.Context(), Request{Method: "GET", URL: server.URL}); err != nil || string(reply.Body) != "done" {
		t.Errorf("%v, %v", reply, err)
	}
}

func TestLine(t *testing.T) {
	if got := Line([]byte(" a\n\tb\xff  c ")); got != "a b\ufffd c" {
		t.Errorf("%q", got)
	}
	if got := Line([]byte(strings.Repeat("x", 1000))); len(got) > 310 {
		t.Errorf("a line of %d bytes", len(got))
	}
}
