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
	"github.com/sonde-go/sonde/drivers/kit"
	"github.com/sonde-go/sonde/record"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDo(t *testing.T) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	}))
	defer server.Close()
	c := New(kit.Limit{Store: "a store", Time: time.Minute}, time.Second, nil)
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
	c := New(kit.Limit{Store: "a store", Time: 200 * time.Millisecond}, time.Second, nil)
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
