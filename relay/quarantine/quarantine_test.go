package quarantine

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/sonde-go/sonde/relay/internal/spool"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// aside opens a quarantine with n entries; the fourth has no text.
func aside(t *testing.T, n int) (q *Quarantine, in *spooled, dir string) {
	t.Helper()
	dir = t.TempDir()
	q, err := Open(t.Context(), Config{DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { q.Close() })
	in = q.at.(*spooled)
	for i := range n {
		b := spool.Bad{ID: fmt.Sprint(i), Trace: fmt.Sprint("trace-", i), Reason: fmt.Sprint("reason ", i), Source: "collector", Text: fmt.Appendf(nil, `{"n":%d}`, i)}
		if i == 3 {
			b.Text = nil
		}
		if err := in.spool.Quarantine(t.Context(), []spool.Bad{b}); err != nil {
			t.Fatal(err)
		}
	}
	return q, in, dir
}

// serve answers at a socket until the test ends, and returns a Quarantine that asks there.
func serve(t *testing.T, h http.Handler) *Quarantine {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.sock")
	l, err := new(net.ListenConfig).Listen(t.Context(), "unix", path)
	if err != nil {
		t.Fatal(err)
	}
	s := &httptest.Server{Listener: l, Config: &http.Server{Handler: h}}
	s.Start()
	t.Cleanup(s.Close)
	q, err := Open(t.Context(), Config{Socket: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { q.Close() })
	return q
}

// everywhere tests a quarantine with n entries as it is opened, and as an agent answers.
func everywhere(t *testing.T, n int, test func(t *testing.T, q *Quarantine, in *spooled)) {
	t.Run("opened", func(t *testing.T) {
		q, in, _ := aside(t, n)
		test(t, q, in)
	})
	t.Run("asked", func(t *testing.T) {
		_, in, _ := aside(t, n)
		test(t, serve(t, Handler(in.spool)), in)
	})
}

func list(t *testing.T, q *Quarantine) (texts []string) {
	t.Helper()
	for e, err := range q.All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, fmt.Sprint(e.Number, e.Trace, e.Reason, e.Source, e.Text))
	}
	return texts
}

func TestListGetDrop(t *testing.T) {
	everywhere(t, 5, func(t *testing.T, q *Quarantine, _ *spooled) {
		if got := list(t, q); len(got) != 5 || got[1] != `2trace-1reason 1collector{"n":1}` {
			t.Errorf("%q", got)
		}
		if err := q.Drop(t.Context(), 2); err != nil {
			t.Error(err)
		}
		if got := list(t, q); len(got) != 4 || !strings.HasPrefix(got[1], "3") {
			t.Errorf("%q", got)
		}
		for range q.All(t.Context()) {
			break
		}
		e, err := q.Get(t.Context(), 1)
		if err != nil || e.Text != `{"n":0}` || e.At.IsZero() {
			t.Errorf("%+v, %v", e, err)
		}
		for what, err := range map[string]error{"get": second(q.Get(t.Context(), 2)), "drop": q.Drop(t.Context(), 2), "retry": q.Retry(t.Context(), 77)} {
			if !errors.Is(err, ErrNoEntry) || !strings.HasPrefix(err.Error(), "record ") {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}

func second(_ Entry, err error) error { return err }

func TestRetry(t *testing.T) {
	everywhere(t, 4, func(t *testing.T, q *Quarantine, in *spooled) {
		if err := q.Retry(t.Context(), 2); err != nil {
			t.Fatal(err)
		}
		if got := list(t, q); len(got) != 3 {
			t.Errorf("%q", got)
		}
		stream, err := in.spool.JetStream().Stream(t.Context(), spool.StreamName)
		if err != nil {
			t.Fatal(err)
		}
		m, err := stream.GetMsg(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		b, err := spool.Decode(m.Subject, m.Header, m.Data)
		if err != nil || !b.Again || b.Records != 1 || string(b.Text) != "{\"n\":1}\n" || b.Trace != "trace-1" {
			t.Errorf("%+v, %v", b, err)
		}
		if err := q.Retry(t.Context(), 4); err == nil || !strings.Contains(err.Error(), "record 4: its text was not kept") {
			t.Errorf("a record without its text: %v", err)
		}
	})
}

// TestAsked: what an answer that is none says.
func TestAsked(t *testing.T) {
	_, in, _ := aside(t, 2)
	closed := Handler(in.spool)
	in.spool.Close()
	answer := func(status int, text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			io.WriteString(w, text)
		})
	}
	for want, h := range map[string]http.Handler{
		"connection closed":  closed,
		"it answers 404":     http.NotFoundHandler(),
		"it answers 500":     answer(500, "{}"),
		"not you":            answer(403, `{"error":"not you"}`),
		"the list breaks":    answer(200, `{"number":1}`+"\n{"),
		"the disk is broken": answer(200, `{"number":1}`+"\n"+`{"error":"the disk is broken"}`),
	} {
		var err error
		for _, err = range serve(t, h).All(t.Context()) {
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
	q, err := Open(t.Context(), Config{Socket: filepath.Join(t.TempDir(), "none.sock")})
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Drop(t.Context(), 1); err == nil || !strings.Contains(err.Error(), "no agent answers at") {
		t.Error(err)
	}
}

// TestAgentRuns: the data folder belongs to one process.
func TestAgentRuns(t *testing.T) {
	_, _, dir := aside(t, 0)
	if _, err := Open(t.Context(), Config{DataDir: dir}); !errors.Is(err, spool.ErrInUse) || !strings.Contains(err.Error(), "its socket") {
		t.Error(err)
	}
	for _, c := range []Config{{}, {Socket: "/a", DataDir: dir}} {
		if _, err := Open(t.Context(), c); err == nil {
			t.Errorf("%+v is opened", c)
		}
	}
}
