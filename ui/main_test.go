package ui

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/sonde-go/sonde/drivers"
	_ "github.com/sonde-go/sonde/drivers/file"
	_ "github.com/sonde-go/sonde/drivers/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The trace that tests look at.
const shopTrace = "4f1c0f3e-3c1a-4a55-9d0e-2b1f0f7f9a11"

// recorded is a trace of services as a file.
func recorded(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "report", "outputtest", "testdata", "shop.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func open(t *testing.T, url string) *drivers.Store {
	t.Helper()
	store, err := drivers.Open(t.Context(), url, drivers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

// recordedStore has the trace of recorded, one like it, and an older one with hostile
// content.
func recordedStore(t *testing.T) *drivers.Store {
	t.Helper()
	file := filepath.Join(t.TempDir(), "traces.jsonl")
	hostile, err := os.ReadFile(filepath.Join("..", "report", "outputtest", "testdata", "hostile.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	shop := recorded(t)
	other := bytes.ReplaceAll(shop, []byte("4f1c0f3e"), []byte("3a1c0f3e"))
	hostile = bytes.ReplaceAll(hostile, []byte(`"base_id": "4f1c0f3e`), []byte(`"base_id": "00000000`))
	if err := os.WriteFile(file, slices.Concat(shop, other, hostile), 0o600); err != nil {
		t.Fatal(err)
	}
	return open(t, "file://"+file)
}

// answered is what a request was answered with.
type answered struct {
	status int
	header http.Header
	body   string
}

// get asks a handler as a program on this machine does.
func get(t *testing.T, h http.Handler, target string, change ...func(*http.Request)) answered {
	t.Helper()
	return do(t, h, http.MethodGet, target, "", change...)
}

func do(t *testing.T, h http.Handler, method, target, body string, change ...func(*http.Request)) answered {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	r.Host = "localhost:7466"
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	answer := w.Result()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answered{answer.StatusCode, answer.Header, string(text)}
}

// served is a server on a free port of this machine until the test ends. Its address
// has no path.
func served(t *testing.T, h http.Handler) (url string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		both, end := context.WithCancel(r.Context())
		defer context.AfterFunc(ctx, end)()
		defer end()
		h.ServeHTTP(w, r.WithContext(both))
	}))
	s.Start()
	t.Cleanup(s.Close)
	t.Cleanup(cancel) // before that
	return s.URL
}
