package sondehttp

import (
	"context"
	"crypto/tls"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/profiler/profilertest"
)

// lazyBody is a body of a type that cannot be compared.
type lazyBody struct {
	io.ReadCloser
	given []byte
}

// changes are what a handler may do to its request, by the field that changes.
var changes = map[string]func(*http.Request){
	"Method":           func(r *http.Request) { r.Method = "PATCH" },
	"URL":              func(r *http.Request) { r.URL = &url.URL{Path: "/elsewhere"} },
	"Proto":            func(r *http.Request) { r.Proto = "HTTP/9.7" },
	"ProtoMajor":       func(r *http.Request) { r.ProtoMajor = 9 },
	"ProtoMinor":       func(r *http.Request) { r.ProtoMinor = 7 },
	"Header":           func(r *http.Request) { r.Header = http.Header{"X-New": {"yes"}} },
	"Body":             func(r *http.Request) { r.Body = lazyBody{http.NoBody, nil} },
	"GetBody":          func(r *http.Request) { r.GetBody = func() (io.ReadCloser, error) { return nil, nil } },
	"ContentLength":    func(r *http.Request) { r.ContentLength = 97 },
	"TransferEncoding": func(r *http.Request) { r.TransferEncoding = append(r.TransferEncoding, "chunked") },
	"Close":            func(r *http.Request) { r.Close = true },
	"Host":             func(r *http.Request) { r.Host = "other.example" },
	"Form":             func(r *http.Request) { r.Form = url.Values{"new": {"1"}} },
	"PostForm":         func(r *http.Request) { r.PostForm = url.Values{"new": {"1"}} },
	"MultipartForm":    func(r *http.Request) { r.MultipartForm = &multipart.Form{} },
	"Trailer":          func(r *http.Request) { r.Trailer = http.Header{"X-New": {"yes"}} },
	"RemoteAddr":       func(r *http.Request) { r.RemoteAddr = "192.0.2.7:1" },
	"RequestURI":       func(r *http.Request) { r.RequestURI = "/elsewhere" },
	"TLS":              func(r *http.Request) { r.TLS = &tls.ConnectionState{} },
	"Cancel":           func(r *http.Request) { r.Cancel = make(chan struct{}) }, //lint:ignore SA1019 A handler can set it.
	"Response":         func(r *http.Request) { r.Response = &http.Response{} },
	"Pattern":          func(r *http.Request) { r.Pattern = "/new" },
}

// TestHandBack: each field that a handler changes in its request is changed in
// the outer one, and no other is written.
func TestHandBack(t *testing.T) {
	fields := reflect.VisibleFields(reflect.TypeFor[http.Request]())
	for _, full := range []bool{false, true} { // a request that has everything before
		for _, field := range fields {
			if !field.IsExported() {
				continue
			}
			change := changes[field.Name]
			if change == nil {
				t.Fatalf("net/http's Request has a new field %s", field.Name)
			}
			svc, _ := profilertest.New(t, "api")
			r := signed(t, "POST", "/")
			if full {
				for name, change := range changes {
					if name != "Header" { // the signature's
						change(r)
					}
				}
				r.Form, r.PostForm = url.Values{}, url.Values{}
			}
			var inner *http.Request
			before := *r
			Handler(svc, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				inner = r
				change(r)
			})).ServeHTTP(httptest.NewRecorder(), r)
			for _, f := range fields {
				if !f.IsExported() || f.Name == "Trailer" && before.Trailer == nil {
					continue
				}
				want := &before
				if f.Name == field.Name {
					want = inner
				}
				got, wanted := reflect.ValueOf(r).Elem().FieldByIndex(f.Index), reflect.ValueOf(want).Elem().FieldByIndex(f.Index)
				if !identical(got, wanted) {
					t.Errorf("full %v, %s changed: outside %s is %v, want %v", full, field.Name, f.Name, got, wanted)
				}
			}
		}
	}
}

// identical reports whether two fields hold the very same.
func identical(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.Map, reflect.Slice, reflect.Func:
		return a.Pointer() == b.Pointer()
	case reflect.Interface:
		return a.IsNil() == b.IsNil() && (a.IsNil() || a.Elem().Type() == b.Elem().Type())
	}
	return a.Interface() == b.Interface()
}

func TestHandBackContext(t *testing.T) {
	svc, _ := profilertest.New(t, "api")
	r := signed(t, "GET", "/")
	type user struct{}
	Handler(svc, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		*r = *r.WithContext(context.WithValue(r.Context(), user{}, "ann"))
		r.Host = "other.example"
		r.SetPathValue("id", "7")
	})).ServeHTTP(httptest.NewRecorder(), r)
	equal(t, "value", r.Context().Value(user{}), "ann")
	equal(t, "host", r.Host, "other.example")
	equal(t, "path value", r.PathValue("id"), "7")
}

func TestHandBackPathValues(t *testing.T) {
	svc, _ := profilertest.New(t, "api")
	serve := func(outer string, h http.HandlerFunc) *http.Request {
		var mux http.ServeMux
		r := signed(t, "GET", "/a/7")
		mux.Handle(outer, Handler(svc, h))
		mux.ServeHTTP(httptest.NewRecorder(), r)
		return r
	}
	r := serve("/", func(_ http.ResponseWriter, r *http.Request) { r.SetPathValue("own", "1") })
	equal(t, "a value without a pattern", r.PathValue("own"), "1")
	r = serve("/a/{id}", func(_ http.ResponseWriter, r *http.Request) { r.SetPathValue("id", "8") })
	equal(t, "a wildcard's value", r.PathValue("id"), "8")
	r = serve("/a/{id}", func(w http.ResponseWriter, r *http.Request) {
		var inner http.ServeMux
		inner.HandleFunc("/a/{name}", func(http.ResponseWriter, *http.Request) {})
		inner.ServeHTTP(w, r)
	})
	equal(t, "values of an inner mux", r.Pattern+" "+r.PathValue("id")+" "+r.PathValue("name"), "/a/{name}  7")
}

// An outer layer may read what the handler leaves alone while it runs.
func TestHandBackWhileRead(t *testing.T) {
	svc, _ := profilertest.New(t, "api")
	r := signed(t, "POST", "/?a=b")
	r.Body = io.NopCloser(strings.NewReader(""))
	began, stop, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() { // as a layer does that logs what is slow
		defer close(done)
		close(began)
		for {
			select {
			case <-stop:
				return
			default:
				_, _, _, _, _ = r.Method, r.URL.Path, r.Host, r.RemoteAddr, r.Header.Get("X")
			}
		}
	}()
	<-began
	Handler(svc, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _ = r.ParseForm() })).ServeHTTP(httptest.NewRecorder(), r)
	close(stop)
	<-done
	equal(t, "form", r.Form.Encode(), "a=b")
}
