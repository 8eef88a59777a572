package readers

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

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/sonde-go/sonde/drivers"
	_ "github.com/sonde-go/sonde/drivers/file"
	"github.com/sonde-go/sonde/ui"
)

// TestAnswersAreAsDescribed: another's reader of OpenAPI takes the description, and
// finds each answer to be as described.
func TestAnswersAreAsDescribed(t *testing.T) {
	h := ui.New(recordedStore(t), ui.Options{})
	doc, err := openapi3.NewLoader().LoadFromData(ask(t, h, http.MethodGet, "/api/v1/openapi.json", nil).body)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	openapi3filter.RegisterBodyDecoder("application/problem+json", openapi3filter.JSONBodyDecoder)
	seen := map[string]bool{}
	for _, tt := range []struct {
		method, target string
		body           []byte
		status         int
	}{
		{"GET", "/openapi.json", nil, 200},
		{"GET", "/store", nil, 200},
		{"GET", "/traces", nil, 200},
		{"GET", "/traces?limit=1&sort=points&error-trace=true&service=shop&since=2025-01-01&min-duration=1ms&search=orders", nil, 200},
		{"GET", "/traces?limit=many", nil, 400},
		{"GET", "/traces/" + shopID, nil, 200},
		{"GET", "/traces/" + hostileID, nil, 200},
		{"GET", "/traces/none", nil, 404},
		{"GET", "/traces/last/findings", nil, 200},
		{"GET", "/traces/" + hostileID + "/findings", nil, 200},
		{"GET", "/traces/last/points/00000004", nil, 200},
		{"GET", "/traces/last/points/none", nil, 404},
		{"GET", "/diff?a=" + hostileID + "&b=" + shopID, nil, 200},
		{"GET", "/diff?a=last", nil, 400},
		{"GET", "/stats", nil, 200},
		{"GET", "/stats?limit=1&service=none", nil, 404},
		{"GET", "/tail", nil, 200},
		{"GET", "/tail?limit=none", nil, 400},
		{"GET", "/traces/" + shopID + "/tail", nil, 200},
		{"POST", "/file", recorded(t, "shop"), 200},
		{"POST", "/file", []byte("nothing"), 422},
	} {
		got := ask(t, h, tt.method, "/api/v1"+tt.target, tt.body)
		if got.status != tt.status {
			t.Errorf("%s: %d %s", tt.target, got.status, got.body)
			continue
		}
		route, vars, err := router.FindRoute(got.request)
		if err != nil {
			t.Errorf("%s: %v", tt.target, err)
			continue
		}
		seen[tt.method+" "+route.Path] = true
		input := &openapi3filter.ResponseValidationInput{
			RequestValidationInput: &openapi3filter.RequestValidationInput{Request: got.request, PathParams: vars, Route: route},
			Status:                 got.status, Header: got.header, Body: io.NopCloser(bytes.NewReader(got.body)),
			Options: &openapi3filter.Options{IncludeResponseStatus: true, ExcludeResponseBody: got.header.Get("Content-Type") == "text/event-stream"},
		}
		if err := openapi3filter.ValidateResponse(t.Context(), input); err != nil {
			t.Errorf("%s: %v", tt.target, err)
		}
	}
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			if !seen[method+" "+path] {
				t.Errorf("%s %s was not asked", method, path)
			}
		}
	}
}

// TestDescriptionNotices: an answer with a member that is not described is not as
// described, so the test above can fail.
func TestDescriptionNotices(t *testing.T) {
	h := ui.New(recordedStore(t), ui.Options{})
	doc, err := openapi3.NewLoader().LoadFromData(ask(t, h, http.MethodGet, "/api/v1/openapi.json", nil).body)
	if err != nil {
		t.Fatal(err)
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	for change, to := range map[string]string{`"depth":`: `"width":0,"depth":`, `"start_ns":0`: `"start_ns":"0"`, `"lost": 3,`: ``} {
		got := ask(t, h, http.MethodGet, "/api/v1/traces/"+shopID, nil)
		route, vars, err := router.FindRoute(got.request)
		if err != nil {
			t.Fatal(err)
		}
		changed := strings.Replace(string(got.body), change, to, 1)
		if changed == string(got.body) {
			t.Fatalf("there is no %s", change)
		}
		input := &openapi3filter.ResponseValidationInput{
			RequestValidationInput: &openapi3filter.RequestValidationInput{Request: got.request, PathParams: vars, Route: route},
			Status:                 got.status, Header: got.header, Body: io.NopCloser(strings.NewReader(changed)),
		}
		if openapi3filter.ValidateResponse(t.Context(), input) == nil {
			t.Errorf("%s for %s is not noticed", to, change)
		}
	}
}

type answer struct {
	request *http.Request
	status  int
	header  http.Header
	body    []byte
}

// ask asks the viewer. What it would follow for ever ends at once.
func ask(t *testing.T, h http.Handler, method, target string, body []byte) answer {
	t.Helper()
	ctx := t.Context()
	if strings.Contains(target, "/tail") {
		ended, cancel := context.WithCancel(ctx)
		cancel()
		ctx = ended
	}
	r := httptest.NewRequestWithContext(ctx, method, "http://localhost"+target, bytes.NewReader(body))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return answer{r, w.Code, w.Result().Header, w.Body.Bytes()}
}

// The traces of recordedStore.
const (
	shopID    = "4f1c0f3e-3c1a-4a55-9d0e-2b1f0f7f9a11"
	hostileID = "00000000-3c1a-4a55-9d0e-2b1f0f7f9a11"
)

func recorded(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "report", "outputtest", "testdata", name+".jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// recordedStore has a trace of services, and one with hostile content.
func recordedStore(t *testing.T) *drivers.Store {
	t.Helper()
	hostile := bytes.ReplaceAll(recorded(t, "hostile"), []byte(`"base_id": "4f1c0f3e`), []byte(`"base_id": "00000000`))
	file := filepath.Join(t.TempDir(), "traces.jsonl")
	if err := os.WriteFile(file, slices.Concat(recorded(t, "shop"), hostile), 0o600); err != nil {
		t.Fatal(err)
	}
	store, err := drivers.Open(t.Context(), "file://"+file, drivers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}
