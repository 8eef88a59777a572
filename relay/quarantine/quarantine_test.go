package quarantine

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/sonde-go/sonde/relay/internal/spool"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// aside opens a quarantine with n entries.
func aside(t *testing.T, n int) (q *Quarantine, dir string) {
	t.Helper()
	dir = t.TempDir()
	q, err := Open(t.Context(), Config{DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { q.Close() })
	for i := range n {
		b := spool.Bad{ID: fmt.Sprint(i), Trace: fmt.Sprint("trace-", i), Reason: fmt.Sprint("reason ", i), Source: "collector", Text: fmt.Appendf(nil, `{"n":%d}`, i)}
		if i == 3 {
			b.Text = nil
		}
		if err := q.spool.Quarantine(t.Context(), []spool.Bad{b}); err != nil {
			t.Fatal(err)
		}
	}
	return q, dir
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
	q, _ := aside(t, 5)
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
		if !errors.Is(err, ErrNoEntry) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func second(_ Entry, err error) error { return err }

func TestRetry(t *testing.T) {
	q, _ := aside(t, 4)
	if err := q.Retry(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if got := list(t, q); len(got) != 3 {
		t.Errorf("%q", got)
	}
	stream, err := q.spool.JetStream().Stream(t.Context(), spool.StreamName)
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
	if err := q.Retry(t.Context(), 4); err == nil || !strings.Contains(err.Error(), "not kept") {
		t.Errorf("a record without its text: %v", err)
	}
}

// TestAgentRuns: the data folder belongs to one process.
func TestAgentRuns(t *testing.T) {
	_, dir := aside(t, 0)
	if _, err := Open(t.Context(), Config{DataDir: dir}); !errors.Is(err, spool.ErrInUse) || !strings.Contains(err.Error(), "stop the agent") {
		t.Error(err)
	}
	if _, err := Open(t.Context(), Config{}); err == nil {
		t.Error("no spool is opened")
	}
}
