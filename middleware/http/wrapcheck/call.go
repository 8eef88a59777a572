package wrapcheck

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"slices"
	"strings"
	"time"
)

// callChecks are about a client whose transport is wrapped.
var callChecks = []liveCheck{
	{"plain", "", "status, header and body arrive", func(t *trial) {
		s := t.serve(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Test", "yes")
			w.WriteHeader(http.StatusTeapot)
			_, _ = io.WriteString(w, "text")
		})
		if res := s.get(http.StatusTeapot, "text"); res != nil && (res.Header.Get("X-Test") != "yes" || res.ContentLength != 4) {
			t.errorf("header %v, %d bytes declared", res.Header, res.ContentLength)
		}
	}},
	{"request", "", "the request arrives with its header, body and trailers", func(t *trial) {
		s := t.serve(func(_ http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			got := fmt.Sprintf("%s %s %s %q %q %v", r.Method, r.URL, r.Header.Get("X-Test"), body, r.Trailer.Get("Sum"), err)
			if want := `PATCH /a%2Fb?c=d yes "text" "7" <nil>`; got != want {
				t.errorf("the server gets %s, want %s", got, want)
			}
		})
		r := s.request("PATCH", "/a%2Fb?c=d", struct{ io.Reader }{strings.NewReader("text")})
		r.Header.Set("X-Test", "yes")
		r.Trailer = http.Header{"Sum": {"7"}}
		s.do(r)
	}},
	{"request_length", "", "the request's length is declared", func(t *trial) {
		s := t.serve(func(_ http.ResponseWriter, r *http.Request) {
			if r.ContentLength != 4 || len(r.TransferEncoding) > 0 {
				t.errorf("%d bytes declared, encoding %v", r.ContentLength, r.TransferEncoding)
			}
		})
		s.do(s.request("POST", "/", strings.NewReader("text")))
	}},
	{"callers_request", "", "the caller's request is not changed, and the response names it", func(t *trial) {
		s := t.serve(func(http.ResponseWriter, *http.Request) {})
		r := s.request("GET", "/", nil)
		r.Header.Set("X-Test", "yes")
		before, header, target := *r, r.Header.Clone(), *r.URL
		res, err := s.client.Transport.RoundTrip(r)
		if !t.must("the request", err) {
			return
		}
		t.closers = append(t.closers, func() { _ = res.Body.Close() })
		if !maps.EqualFunc(r.Header, header, slices.Equal) || *r.URL != target || r.Host != before.Host || r.Context() != before.Context() {
			t.errorf("the request was changed to %v %v", r.URL, r.Header)
		}
		if res.Request != r {
			t.errorf("the response's request is another one")
		}
	}},
	{"streams", "", "what the server flushes arrives while it still writes", func(t *trial) {
		heard := newSignal()
		defer heard.fire()
		s := t.serve(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "first\n")
			_ = http.NewResponseController(w).Flush()
			t.wait("the client hears of the first line", heard.c)
			_, _ = io.WriteString(w, "second\n")
		})
		if res := s.do(s.request("GET", "/", nil)); res != nil {
			lines := bufio.NewScanner(res.Body)
			if lines.Scan() && lines.Text() == "first" {
				heard.fire()
			}
			if !lines.Scan() || lines.Text() != "second" {
				t.errorf("got %q: %v", lines.Text(), lines.Err())
			}
		}
	}},
	{"trace_hooks", "", "the hooks of net/http/httptrace are called", func(t *trial) {
		s := t.serve(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusOK)
		})
		var got []string
		r := s.request("GET", "/", nil)
		r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
			GotConn: func(httptrace.GotConnInfo) { got = append(got, "connection") },
			Got1xxResponse: func(code int, _ textproto.MIMEHeader) error {
				got = append(got, fmt.Sprint(code))
				return nil
			},
		}))
		if s.do(r) != nil && !slices.Equal(got, []string{"connection", "103"}) {
			t.errorf("hooks called: %v", got)
		}
	}},
	{"trailers", "", "the response's trailers arrive", func(t *trial) {
		s := t.serve(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "text")
			_ = http.NewResponseController(w).Flush() // trailers need a chunked body
			w.Header().Set(http.TrailerPrefix+"X-Late", "2")
		})
		if res := s.get(http.StatusOK, "text"); res != nil && res.Trailer.Get("X-Late") != "2" {
			t.errorf("trailers %v", res.Trailer)
		}
	}},
	{"no_body", "h1", "a response without a body has http.NoBody", func(t *trial) {
		s := t.serve(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "7") })
		res := s.do(s.request("HEAD", "/", nil))
		if res != nil && (res.Body != http.NoBody || res.ContentLength != 7) {
			t.errorf("body %T of %d bytes", res.Body, res.ContentLength)
		}
	}},
	{"uncompressed", "", "the transport's own compression stays out of sight", func(t *trial) {
		s := t.serve(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Accept-Encoding") != "gzip" {
				t.errorf("Accept-Encoding %q", r.Header["Accept-Encoding"])
			}
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = io.WriteString(z, "text")
			_ = z.Close()
		})
		if res := s.get(http.StatusOK, "text"); res != nil && !res.Uncompressed {
			t.errorf("the response is not marked as uncompressed")
		}
	}},
	{"redirect", "", "a redirect is followed with the request's body", func(t *trial) {
		s := t.serve(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/" {
				http.Redirect(w, r, "/there", http.StatusTemporaryRedirect)
				return
			}
			_, _ = io.Copy(w, r.Body)
		})
		if res := s.do(s.request("PUT", "/", strings.NewReader("text"))); res != nil {
			body, err := io.ReadAll(res.Body)
			if string(body) != "text" || err != nil || res.Request.URL.Path != "/there" {
				t.errorf("%q from %v: %v", body, res.Request.URL, err)
			}
		}
	}},
	{"cancel", "", "a cancelled context ends the call", func(t *trial) {
		gone := newSignal()
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		s := t.serve(func(_ http.ResponseWriter, r *http.Request) {
			cancel()
			t.wait("the client going away", r.Context().Done())
			gone.fire()
		})
		r, end := cancelledWith(s.request("GET", "/", nil), ctx)
		defer end()
		if _, err := s.client.Do(r); !errors.Is(err, context.Canceled) {
			t.errorf("the error is %v, want context.Canceled", err)
		}
		t.wait("the server hears of it", gone.c)
	}},
	{"cancel_body", "", "a cancelled context ends the reading of the body", func(t *trial) {
		s := t.serve(func(w http.ResponseWriter, r *http.Request) {
			_ = http.NewResponseController(w).Flush()
			t.wait("the client going away", r.Context().Done())
		})
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		r, end := cancelledWith(s.request("GET", "/", nil), ctx)
		defer end()
		if res := s.do(r); res != nil {
			cancel()
			if _, err := io.ReadAll(res.Body); !errors.Is(err, context.Canceled) {
				t.errorf("reading the body: %v, want context.Canceled", err)
			}
		}
	}},
	{"close_early", "", "closing the body unread tells the server", func(t *trial) {
		gone := newSignal()
		s := t.serve(func(w http.ResponseWriter, r *http.Request) {
			_ = http.NewResponseController(w).Flush()
			t.wait("the client going away", r.Context().Done())
			gone.fire()
		})
		r := s.request("GET", "/", nil)
		ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context())) // no deadline ends the call first
		t.closers = append(t.closers, cancel)
		if res := s.do(r.WithContext(ctx)); res != nil {
			_ = res.Body.Close()
			t.wait("the client going away", gone.c)
		}
	}},
	{"timeout", "", "Client.Timeout ends the call, and the error says so", func(t *trial) {
		s := t.serve(func(_ http.ResponseWriter, r *http.Request) {
			t.wait("the client going away", r.Context().Done())
		})
		s.client.Timeout = 20 * time.Millisecond
		_, err := s.client.Do(s.request("GET", "/", nil))
		var timeout interface{ Timeout() bool }
		if !errors.As(err, &timeout) || !timeout.Timeout() {
			t.errorf("the error is %v, no timeout", err)
		}
	}},
	{"cut", "", "a body that breaks off is an error", func(t *trial) {
		s := t.serve(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "text")
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		})
		if res := s.do(s.request("GET", "/", nil)); res != nil {
			if body, err := io.ReadAll(res.Body); string(body) != "text" || err == nil {
				t.errorf("read %q: %v", body, err)
			}
		}
	}},
	{"upgrade", "h1", "a connection that has changed its protocol can be written to", func(t *trial) {
		s := t.upgrading(func(conn *bufio.ReadWriter) {
			line, err := conn.ReadString('\n')
			t.must("reading from the client", err)
			_, _ = conn.WriteString(line)
		})
		body, ok := s.upgrade().(io.ReadWriter)
		if !ok {
			t.errorf("the response's body has no Write")
			return
		}
		_, _ = io.WriteString(body, "hello\n")
		if line, err := bufio.NewReader(body).ReadString('\n'); line != "hello\n" {
			t.errorf("echo %q: %v", line, err)
		}
	}},
	{"half_close", "h1", "a connection that has changed its protocol can be closed for writing", func(t *trial) {
		s := t.upgrading(t.answerAtEOF)
		body := s.upgrade()
		half, ok := body.(interface {
			io.Writer
			CloseWrite() error
		})
		if !ok {
			t.errorf("the response's body has no CloseWrite")
			return
		}
		_, _ = io.WriteString(half, "question")
		if !t.must("CloseWrite", half.CloseWrite()) {
			return
		}
		if answer, err := io.ReadAll(body); string(answer) != longAnswer {
			t.errorf("%d bytes of the answer, want %d: %v", len(answer), len(longAnswer), err)
		}
	}},
	{"proxy", "h1", "a reverse proxy hands on all that an upgraded connection says", func(t *trial) {
		backend := t.upgrading(t.answerAtEOF)
		conn := backend.throughProxy()
		if conn == nil {
			return
		}
		in := bufio.NewReader(conn)
		head, err := textproto.NewReader(in).ReadLine()
		if err == nil {
			_, err = textproto.NewReader(in).ReadMIMEHeader()
		}
		if !t.must("the proxy's answer", err) || !strings.Contains(head, "101") {
			t.errorf("the proxy says %q", head)
			return
		}
		_, _ = io.WriteString(conn, "question")
		if !t.must("CloseWrite", conn.CloseWrite()) {
			return
		}
		if answer, err := io.ReadAll(in); string(answer) != longAnswer {
			t.errorf("%d bytes of the answer, want %d: %v", len(answer), len(longAnswer), err)
		}
	}},
}

// cancelledWith is r with a context of its own that ends with ctx too.
func cancelledWith(r *http.Request, ctx context.Context) (*http.Request, func()) {
	inner, cancel := context.WithCancel(r.Context())
	stop := context.AfterFunc(ctx, cancel)
	return r.WithContext(inner), func() { stop(); cancel() }
}
