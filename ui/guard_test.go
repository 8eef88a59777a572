package ui

import (
	"net/http"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/internal/jsontext"
)

func with(name, value string) func(*http.Request) {
	return func(r *http.Request) {
		if name == "Host" {
			r.Host = value
			return
		}
		r.Header.Set(name, value)
	}
}

// TestGuard: who is let in.
func TestGuard(t *testing.T) {
	const list, page = "/api/v1/traces", "/"
	h := New(recordedStore(t), Options{Hosts: []string{"traces.example"}})
	for name, tt := range map[string]struct {
		target string
		change []func(*http.Request)
		want   int
	}{
		"a program":               {list, nil, 200},
		"an address":              {list, []func(*http.Request){with("Host", "127.0.0.1:9")}, 200},
		"an address of IPv6":      {list, []func(*http.Request){with("Host", "[::1]:9")}, 200},
		"without a port":          {list, []func(*http.Request){with("Host", "LOCALHOST")}, 200},
		"a name of its own":       {list, []func(*http.Request){with("Host", "Traces.Example:80")}, 200},
		"rebinding":               {list, []func(*http.Request){with("Host", "evil.example:7466")}, 403},
		"rebinding of a page":     {page, []func(*http.Request){with("Host", "evil.example")}, 403},
		"a name that begins well": {list, []func(*http.Request){with("Host", "localhost.evil.example")}, 403},
		"no name":                 {list, []func(*http.Request){with("Host", "")}, 403},
		"hostile name":            {list, []func(*http.Request){with("Host", "<script>\"\n")}, 403},
		"own page":                {list, []func(*http.Request){with("Origin", "http://localhost:7466"), with("Sec-Fetch-Site", "same-origin")}, 200},
		"behind TLS":              {list, []func(*http.Request){with("Origin", "https://localhost:7466")}, 200},
		"another site":            {list, []func(*http.Request){with("Origin", "http://evil.example")}, 403},
		"another port":            {list, []func(*http.Request){with("Origin", "http://localhost:7467"), with("Sec-Fetch-Site", "same-site")}, 403},
		"no origin to speak of":   {list, []func(*http.Request){with("Origin", "null")}, 403},
		"an image elsewhere":      {list, []func(*http.Request){with("Sec-Fetch-Site", "cross-site"), with("Sec-Fetch-Mode", "no-cors")}, 403},
		"a link into the API":     {list, []func(*http.Request){with("Sec-Fetch-Site", "cross-site"), with("Sec-Fetch-Mode", "navigate"), with("Sec-Fetch-Dest", "document")}, 403},
		"a link to a page":        {page, []func(*http.Request){with("Sec-Fetch-Site", "cross-site"), with("Sec-Fetch-Mode", "navigate"), with("Sec-Fetch-Dest", "document")}, 200},
		"in a frame":              {page, []func(*http.Request){with("Sec-Fetch-Site", "cross-site"), with("Sec-Fetch-Mode", "navigate"), with("Sec-Fetch-Dest", "iframe")}, 403},
		"a script elsewhere":      {"/ui.js", []func(*http.Request){with("Sec-Fetch-Site", "cross-site"), with("Sec-Fetch-Mode", "no-cors"), with("Sec-Fetch-Dest", "script")}, 403},
		"the address line":        {page, []func(*http.Request){with("Sec-Fetch-Site", "none"), with("Sec-Fetch-Mode", "navigate"), with("Sec-Fetch-Dest", "document")}, 200},
	} {
		got := get(t, h, tt.target, tt.change...)
		if got.status != tt.want {
			t.Errorf("%s: %d %s, want %d", name, got.status, got.body, tt.want)
		}
		checkHeaders(t, name, got)
	}
	if got := do(t, h, http.MethodPost, "/api/v1/file", string(recorded(t)), with("Origin", "http://evil.example")); got.status != 403 {
		t.Errorf("a form of another site: %d", got.status)
	}
}

// checkHeaders wants the headers that every answer has, and an answer that is what it
// says.
func checkHeaders(t *testing.T, name string, got answered) {
	t.Helper()
	for header, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cross-Origin-Resource-Policy": "same-origin",
		"Cache-Control": "no-store", "Referrer-Policy": "same-origin", "Access-Control-Allow-Origin": "",
	} {
		if has := got.header.Get(header); has != want {
			t.Errorf("%s: %s is %q", name, header, has)
		}
	}
	policy := got.header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none'") || !strings.HasSuffix(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe") {
		t.Errorf("%s: policy %q", name, policy)
	}
	kind := got.header.Get("Content-Type")
	switch {
	case kind == "":
		t.Errorf("%s: no type", name)
	case strings.HasSuffix(kind, "json") && jsontext.Skip([]byte(strings.TrimSpace(got.body)), 0) != len(strings.TrimSpace(got.body)):
		t.Errorf("%s: no JSON: %s", name, got.body)
	}
}

// TestToken: beyond this machine nothing is seen without the token, which goes from
// the URL into a cookie.
func TestToken(t *testing.T) {
	token := Token()
	if len(token) < 20 || token == Token() {
		t.Fatalf("a poor token: %q", token)
	}
	h := New(recordedStore(t), Options{Token: token})
	from := with("Host", "192.0.2.1:7466")
	for _, target := range []string{"/", "/ui.js", "/traces/last", "/api/v1/traces", "/api/v1/openapi.json", "/nothing"} {
		got := get(t, h, target, from)
		if got.status != 401 || strings.Contains(got.body, token) {
			t.Errorf("%s: %d %s", target, got.status, got.body)
		}
		checkHeaders(t, target, got)
		for _, change := range []func(*http.Request){
			with("Authorization", "Bearer "+token[1:]), with("Authorization", "Bearer "), with("Authorization", token), with("Cookie", "sonde_7466=x"), with("Cookie", "sonde_7467="+token),
		} {
			if got := get(t, h, target, from, change); got.status != 401 {
				t.Errorf("%s: %d with a wrong token", target, got.status)
			}
		}
	}
	if got := get(t, h, "/?token=wrong", from); got.status != 401 || len(got.header.Values("Set-Cookie")) > 0 {
		t.Errorf("%+v", got)
	}
	got := get(t, h, "//evil.example/traces/last?token="+token+"&a=b", from)
	if got.status != 303 || got.header.Get("Location") != "/evil.example/traces/last?a=b" {
		t.Errorf("%+v", got)
	}
	cookie := got.header.Get("Set-Cookie")
	if !strings.HasPrefix(cookie, "sonde_7466="+token+";") || !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Lax") {
		t.Errorf("cookie %q", cookie)
	}
	pair, _, _ := strings.Cut(cookie, ";")
	for _, change := range []func(*http.Request){with("Cookie", pair), with("Authorization", "Bearer "+token)} {
		if got := get(t, h, "/api/v1/traces", from, change); got.status != 200 {
			t.Errorf("%+v", got)
		}
		if got := get(t, h, "/api/v1/traces", with("Host", "evil.example"), change); got.status != 403 {
			t.Errorf("%+v", got)
		}
	}
}
