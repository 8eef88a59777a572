package loginsight

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

// fake is no Log Insight but a stand-in of ours, made from its public
// documentation and from what OSProfiler was recorded to send.
type fake struct {
	*httptest.Server
	password string

	mu       sync.Mutex
	events   []fakeEvent
	sessions map[string]bool
	logins   int
	requests []string // METHOD path body
	private  bool     // taking events needs a session too
	refuse   func(r *http.Request, body string) int
	complete bool
	problems []string
}

type fakeEvent struct {
	Text   string      `json:"text"`
	Fields []fakeField `json:"fields"`
}

type fakeField struct {
	Name    string `json:"name"`
	Content string `json:"content"`
}

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{password: "hunter2:@/ x", sessions: map[string]bool{}, complete: true}
	f.Server = httptest.NewUnstartedServer(f)
	f.Config.ErrorLog = quietLog
	f.StartTLS()
	t.Cleanup(func() {
		f.Close()
		for _, p := range f.problems {
			t.Error(p)
		}
	})
	return f
}

func (f *fake) url() string {
	return "loginsight://osprofiler:" + url.PathEscape(f.password) + "@" + f.Listener.Addr().String() + "?insecure=true"
}

func (f *fake) take() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	requests := f.requests
	f.requests = nil
	return requests
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	body := string(b)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests = append(f.requests, strings.TrimSpace(r.Method+" "+r.URL.RequestURI()+" "+body))
	status, reply := f.answer(r, body)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, reply)
}

func (f *fake) answer(r *http.Request, body string) (int, string) {
	if f.refuse != nil {
		if status := f.refuse(r, body); status != 0 {
			return status, `{"errorMessage":"the test\nsays so","errorCode":"X"}`
		}
	}
	const query = "/api/v1/events/base_id/CONTAINS+"
	at := r.Method + " " + r.URL.Path
	if body != "" && r.Header.Get("Content-Type") != "application/json" {
		return 415, ""
	}
	switch {
	case at == "POST /api/v1/sessions":
		return f.login(body)
	case at == "POST "+ingestPath && !f.private:
		return f.ingest(body)
	case !f.sessions[r.Header.Get("X-LI-Session-Id")]:
		return statusLoginTimeout, `{"errorMessage":"Session expired"}`
	case at == "POST "+ingestPath:
		return f.ingest(body)
	case at == "GET /api/v1/sessions/current":
		return 200, `{"ttl":1800}`
	case r.Method == "GET" && strings.HasPrefix(r.URL.EscapedPath(), query) && strings.HasPrefix(r.URL.RawQuery, "limit=20000&timeout="):
		parts := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), query), "/")
		id, err := url.PathUnescape(strings.ReplaceAll(parts[0], "+", " "))
		if err == nil && len(parts) == 3 && parts[1] == "timestamp" && parts[2] == "GT+0" {
			return f.query(id)
		}
	}
	f.problems = append(f.problems, "the stand-in knows no "+r.Method+" "+r.URL.RequestURI())
	return 404, ""
}

func strict(body string, into any) error {
	d := json.NewDecoder(strings.NewReader(body))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

func (f *fake) login(body string) (int, string) {
	var request struct{ Username, Password string }
	if err := strict(body, &request); err != nil {
		return 400, `{"errorMessage":"Invalid request body."}`
	}
	if request.Username != "osprofiler" || request.Password != f.password {
		return 401, `{"errorMessage":"Invalid username or password."}`
	}
	f.logins++
	session := fmt.Sprintf("session-%d==", f.logins)
	f.sessions[session] = true
	return 200, fmt.Sprintf(`{"userId":"u","sessionId":%q,"ttl":1800}`, session)
}

func (f *fake) ingest(body string) (int, string) {
	var request struct{ Events []fakeEvent }
	if err := strict(body, &request); err != nil {
		return 400, `{"errorMessage":"Invalid request body."}`
	}
	if n := len(request.Events); n == 0 || n > 500 || len(body) > 4<<20 {
		f.problems = append(f.problems, fmt.Sprintf("%d events in %d bytes", n, len(body)))
		return 400, ""
	}
	f.events = append(f.events, request.Events...)
	return 200, fmt.Sprintf(`{"status":"ok","message":"events ingested","ingested":%d}`, len(request.Events))
}

// query finds events whose base_id holds the text, newest first.
func (f *fake) query(id string) (int, string) {
	found := []fakeEvent{}
	for _, e := range slices.Backward(f.events) {
		if len(e.Fields) > 0 && strings.Contains(strings.ToLower(e.Fields[0].Content), strings.ToLower(id)) && len(found) < limit {
			found = append(found, e)
		}
	}
	b, err := json.Marshal(map[string]any{"events": found, "complete": f.complete, "duration": 7})
	if err != nil {
		return 500, ""
	}
	return 200, string(b)
}
