package muxroute_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/gorilla/mux"
	"go.uber.org/goleak"

	"github.com/sonde-go/sonde/header"
	sondehttp "github.com/sonde-go/sonde/middleware/http"
	"github.com/sonde-go/sonde/middleware/http/muxroute"
	"github.com/sonde-go/sonde/profiler/profilertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func sign(r *http.Request) {
	keys, _ := header.ParseKeys("key")
	signed := keys.Primary().Sign(header.Info{BaseID: header.NewID()})
	info, mac := signed.Info, signed.HMAC
	r.Header.Set(header.InfoName, info)
	r.Header.Set(header.HMACName, mac)
}

func TestRoutes(t *testing.T) {
	router := mux.NewRouter()
	router.Use(muxroute.Middleware)
	ok := func(http.ResponseWriter, *http.Request) {}
	router.HandleFunc("/users/{id:[0-9]+}", ok).Methods("GET")
	router.PathPrefix("/api").Subrouter().HandleFunc("/x/{y}", ok)
	router.Host("no.path.example").HandlerFunc(ok)

	tests := []struct {
		method, target string
		status         float64
		route          any
	}{
		{"GET", "/users/7", 200, "/users/{id:[0-9]+}"},
		{"GET", "/api/x/1", 200, "/api/x/{y}"},
		{"GET", "http://no.path.example/p", 200, nil},
		{"GET", "/users/seven", 404, nil},
		{"PUT", "/users/7", 405, nil},
	}
	for _, test := range tests {
		t.Run(test.method+" "+test.target, func(t *testing.T) {
			svc, rec := profilertest.New(t, "api")
			r := httptest.NewRequest(test.method, test.target, nil)
			sign(r)
			sondehttp.Handler(svc, router).ServeHTTP(httptest.NewRecorder(), r)
			got := rec.One(t, "http").Stop["response"].(map[string]any)
			if got["status_code"] != test.status || got["route"] != test.route {
				t.Errorf("%v", got)
			}
		})
	}
}

func TestOutsideOfRouter(t *testing.T) {
	served := false
	h := muxroute.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served = true }))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	if !served {
		t.Error("not served")
	}
}

func TestMultipartFiles(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	files := func() int {
		names, _ := filepath.Glob(filepath.Join(os.TempDir(), "multipart-*"))
		return len(names)
	}
	router := mux.NewRouter()
	router.Use(muxroute.Middleware)
	router.HandleFunc("/", func(_ http.ResponseWriter, r *http.Request) {
		if err := r.ParseMultipartForm(1); err != nil {
			t.Error(err)
		}
		if files() != 1 {
			t.Errorf("%d files while the handler runs", files())
		}
	})
	srv := httptest.NewServer(router)
	defer srv.Close()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, _ := form.CreateFormFile("f", "f.txt")
	_, _ = part.Write(make([]byte, 20<<20))
	_ = form.Close()
	res, err := srv.Client().Post(srv.URL, form.FormDataContentType(), &body)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	srv.Close()
	if files() != 0 {
		t.Errorf("%d files left behind", files())
	}
}
