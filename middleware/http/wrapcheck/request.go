package wrapcheck

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

var requestChecks = []liveCheck{
	{"body", "", "the request's body and length arrive", func(t *trial) {
		s := t.serve(func(w http.ResponseWriter, r *http.Request) {
			got, err := io.ReadAll(r.Body)
			if string(got) != "text" || err != nil || r.ContentLength != 4 {
				t.errorf("body %q of %d bytes: %v", got, r.ContentLength, err)
			}
		})
		s.do(s.request("POST", "/", strings.NewReader("text")))
	}},
	{"no_body", "h1", "a request without a body has http.NoBody", func(t *trial) {
		s := t.serve(func(_ http.ResponseWriter, r *http.Request) {
			if r.Body != http.NoBody || r.ContentLength != 0 {
				t.errorf("body %T of %d bytes", r.Body, r.ContentLength)
			}
		})
		s.get(http.StatusOK, "")
	}},
	{"request_trailers", "", "the request's trailers arrive, declared or not", func(t *trial) {
		for _, declared := range []bool{true, false} {
			if t.http2 && !declared {
				continue // HTTP/2 has only declared ones
			}
			s := t.serve(func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				if got := r.Trailer.Get("Sum"); got != "7" {
					t.errorf("declared %v: trailer %q", declared, got)
				}
			})
			r := s.request("POST", "/", struct{ io.Reader }{strings.NewReader("text")})
			r.Trailer = http.Header{"Sum": {"7"}}
			if declared {
				s.do(r)
			} else {
				t.undeclared(s, r)
			}
			s.finish()
		}
	}},
	{"context", "", "the context's values reach the handler", func(t *trial) {
		type key struct{}
		s := t.serveIn(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), key{}, "outer")))
			})
		}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if r.Context().Value(key{}) != "outer" || r.Context().Value(http.ServerContextKey) == nil {
				t.errorf("values of the context are lost")
			}
		}))
		s.get(http.StatusOK, "")
	}},
	{"client_gone", "", "the handler's context ends when the client goes away", func(t *trial) {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		left := newSignal()
		s := t.serve(func(w http.ResponseWriter, r *http.Request) {
			defer left.fire()
			cancel()
			t.wait("the end of the context", r.Context().Done())
		})
		_, err := s.client.Do(s.request("GET", "/", nil).WithContext(ctx))
		if !errors.Is(err, context.Canceled) {
			t.errorf("the client's error: %v", err)
		}
		t.wait("the handler's end", left.c)
	}},
	{"panic", "", "a panic reaches outer layers unchanged", func(t *trial) {
		want := errors.New("the handler's own panic")
		s := t.serveIn(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer func() {
					if v := recover(); v != want {
						t.errorf("the panic is %v", v)
					}
					w.WriteHeader(http.StatusInternalServerError)
				}()
				next.ServeHTTP(w, r)
			})
		}, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(want) }))
		s.get(http.StatusInternalServerError, "")
	}},
	{"panic_cuts", "", "a panic cuts the connection and is logged", func(t *trial) {
		s := t.serve(func(http.ResponseWriter, *http.Request) { panic("the handler's own panic") })
		t.wantCut(s)
		for end := time.Now().Add(limit); !strings.Contains(t.serverLog(), "the handler's own panic"); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.errorf("the server logs %q", t.serverLog())
				return
			}
		}
	}},
	{"abort", "", "http.ErrAbortHandler cuts the connection in silence", func(t *trial) {
		s := t.serve(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "text")
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		})
		t.wantCut(s)
		if log := t.serverLog(); log != "" {
			t.errorf("the server logs %q", log)
		}
	}},
	{"pattern", "", "outer layers see the mux's Pattern and PathValue", func(t *trial) {
		mux := http.NewServeMux()
		mux.HandleFunc("GET /{$}", func(http.ResponseWriter, *http.Request) {})
		mux.HandleFunc("GET /items/{id}/{rest...}", func(http.ResponseWriter, *http.Request) {})
		s := t.serveIn(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(w, r)
				got := fmt.Sprintf("%s %s %s", r.Pattern, r.PathValue("id"), r.PathValue("rest"))
				if got != "GET /items/{id}/{rest...} 7 a/b" {
					t.errorf("outside: %q", got)
				}
			})
		}, mux)
		s.do(s.request("GET", "/items/7/a/b", nil))
		s.finish()
	}},
	{"form", "", "outer layers see the form that the handler has parsed", func(t *trial) {
		s := t.serveIn(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(w, r)
				if got := r.Form.Encode() + " " + r.PostForm.Encode(); got != "a=1&b=2 b=2" {
					t.errorf("outside: %q", got)
				}
			})
		}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.must("ParseForm", r.ParseForm()) }))
		r := s.request("POST", "/?a=1", strings.NewReader("b=2"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		s.do(r)
		s.finish()
	}},
	{"request_changes", "", "outer layers see whatever the handler changes in its request", func(t *trial) {
		s := t.serveIn(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(w, r)
				got := fmt.Sprintf("%s %v %s %s %v %v %s", r.Method, r.URL, r.Host, r.RemoteAddr, r.Header, r.Body == http.NoBody, r.PathValue("id"))
				if want := "PATCH /there other.example 192.0.2.7:1 map[X-New:[yes]] true 7"; got != want {
					t.errorf("outside: %q, want %q", got, want)
				}
			})
		}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			r.Method, r.Host, r.RemoteAddr = "PATCH", "other.example", "192.0.2.7:1"
			r.URL, r.Header, r.Body = &url.URL{Path: "/there"}, http.Header{"X-New": {"yes"}}, http.NoBody
			r.SetPathValue("id", "7")
		}))
		s.do(s.request("POST", "/", strings.NewReader("text")))
		s.finish()
	}},
	{"multipart_files", "", "the temporary files of a multipart form are removed", func(t *trial) {
		var name string
		s := t.serve(func(_ http.ResponseWriter, r *http.Request) {
			if !t.must("ParseMultipartForm", r.ParseMultipartForm(1)) {
				return
			}
			file, err := r.MultipartForm.File["f"][0].Open()
			if !t.must("opening the part", err) {
				return
			}
			onDisk, ok := file.(*os.File)
			if !ok {
				t.errorf("the part is kept as %T", file)
				return
			}
			name = onDisk.Name()
			_ = onDisk.Close()
		})
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		part, _ := form.CreateFormFile("f", "f.bin")
		_, _ = part.Write(make([]byte, 64<<10))
		_ = form.Close()
		r := s.request("POST", "/", &body)
		r.Header.Set("Content-Type", form.FormDataContentType())
		s.do(r)
		s.finish()
		if _, err := os.Stat(name); name != "" && !errors.Is(err, os.ErrNotExist) {
			t.errorf("a file is left behind")
			_ = os.Remove(name)
		}
	}},
}

// wantCut checks that the response to a request breaks off, and waits for the
// server to be done.
func (t *trial) wantCut(s *server) {
	res, err := s.client.Do(s.request("GET", "/", nil))
	if err == nil {
		_, err = io.ReadAll(res.Body)
		_ = res.Body.Close()
	}
	if err == nil {
		t.errorf("the client gets a whole response, status %d", res.StatusCode)
	}
	s.finish()
}

// undeclared sends r's header with a chunked body whose trailer "Sum: 7" is not
// declared, which net/http's client does not do.
func (t *trial) undeclared(s *server, r *http.Request) {
	conn, err := net.DialTimeout("tcp", s.Listener.Addr().String(), limit)
	if !t.must("connecting", err) {
		return
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(limit))
	var head strings.Builder
	_ = r.Header.Write(&head)
	_, _ = fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n%s\r\n4\r\ntext\r\n0\r\nSum: 7\r\n\r\n", head.String())
	_, err = bufio.NewReader(conn).ReadString('\n')
	t.must("the response", err)
}
