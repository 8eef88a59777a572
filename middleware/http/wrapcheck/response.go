package wrapcheck

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"os"
	"strings"
	"time"
)

var responseChecks = []liveCheck{
	{"plain", "", "status and body arrive", func(t *trial) {
		t.serve(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusTeapot)
			_, _ = io.WriteString(w, "text")
		}).get(http.StatusTeapot, "text")
	}},
	{"implicit_status", "", "without WriteHeader the status is 200", func(t *trial) {
		t.serve(func(http.ResponseWriter, *http.Request) {}).get(http.StatusOK, "")
	}},
	{"flush", "", "what is flushed arrives while the handler still runs", func(t *trial) {
		heard := newSignal()
		defer heard.fire()
		s := t.serve(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "first\n")
			if t.supported("Flush", http.NewResponseController(w).Flush()) {
				t.wait("the client hears of the first line", heard.c)
			}
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
	{"early_hints", "", "1xx responses arrive, and the final status after them", func(t *trial) {
		s := t.serve(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", "</style.css>")
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, "text")
		})
		var early []int
		r := s.request("GET", "/", nil)
		r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
			Got1xxResponse: func(code int, _ textproto.MIMEHeader) error {
				early = append(early, code)
				return nil
			},
		}))
		res := s.do(r)
		if res != nil && (len(early) != 1 || early[0] != 103 || res.StatusCode != 201) {
			t.errorf("statuses %v, then %d", early, res.StatusCode)
		}
	}},
	{"no_superfluous_header", "h1", "the server has no superfluous WriteHeader to complain of", func(t *trial) {
		for _, h := range []http.HandlerFunc{
			func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusAccepted)
				_, _ = io.WriteString(w, "text")
				_ = http.NewResponseController(w).Flush()
			},
			func(w http.ResponseWriter, _ *http.Request) { _ = http.NewResponseController(w).Flush() },
			func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "text") },
			func(http.ResponseWriter, *http.Request) {},
		} {
			s := t.serve(h)
			if res := s.do(s.request("GET", "/", nil)); res != nil {
				_, _ = io.Copy(io.Discard, res.Body)
			}
			s.finish()
		}
		if log := t.serverLog(); log != "" {
			t.errorf("the server logs %q", log)
		}
	}},
	{"body_not_allowed", "", "errors of Write come back", func(t *trial) {
		s := t.serve(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNoContent)
			if _, err := w.Write([]byte("x")); !errors.Is(err, http.ErrBodyNotAllowed) {
				t.errorf("Write: %v, want http.ErrBodyNotAllowed", err)
			}
		})
		s.get(http.StatusNoContent, "")
	}},
	{"trailers", "", "the response's trailers arrive", func(t *trial) {
		s := t.serve(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", "X-Declared")
			_, _ = io.WriteString(w, "text")
			w.Header().Set("X-Declared", "1")
			w.Header().Set(http.TrailerPrefix+"X-Late", "2")
		})
		res := s.get(http.StatusOK, "text")
		if res != nil && (res.Trailer.Get("X-Declared") != "1" || res.Trailer.Get("X-Late") != "2") {
			t.errorf("trailers %v", res.Trailer)
		}
	}},
	{"file", "", "a file arrives whole, its length declared", func(t *trial) {
		f, err := os.CreateTemp("", "wrapcheck-*.bin")
		if !t.must("a temporary file", err) {
			return
		}
		defer func() { _ = os.Remove(f.Name()) }()
		want := strings.Repeat("0123456789", 50_000)
		_, err = f.WriteString(want)
		if !t.must("a temporary file", errors.Join(err, f.Close())) {
			return
		}
		s := t.serve(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, f.Name()) })
		if res := s.get(http.StatusOK, want); res != nil && res.ContentLength != int64(len(want)) {
			t.errorf("Content-Length %d, want %d", res.ContentLength, len(want))
		}
	}},
	{"hijack", "h1", "the connection can be taken over", func(t *trial) {
		s := t.serve(func(w http.ResponseWriter, _ *http.Request) {
			conn, rw, err := http.NewResponseController(w).Hijack()
			if !t.supported("Hijack", err) {
				return
			}
			defer func() { _ = conn.Close() }()
			_, _ = fmt.Fprint(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
			_ = rw.Flush()
			line, err := rw.ReadString('\n')
			t.must("reading from the client", err)
			_, _ = rw.WriteString(line)
			_ = rw.Flush()
		})
		r := s.request("GET", "/", nil)
		r.Header.Set("Connection", "Upgrade")
		r.Header.Set("Upgrade", "echo")
		res := s.do(r)
		if res == nil {
			return
		}
		conn, ok := res.Body.(io.ReadWriter)
		if !ok {
			t.errorf("status %d", res.StatusCode)
			return
		}
		_, _ = io.WriteString(conn, "hello\n")
		if line, err := bufio.NewReader(conn).ReadString('\n'); line != "hello\n" {
			t.errorf("echo %q: %v", line, err)
		}
	}},
	{"write_deadline", "", "a write deadline is kept", func(t *trial) {
		s := t.serve(func(w http.ResponseWriter, _ *http.Request) {
			control := http.NewResponseController(w)
			if !t.supported("SetWriteDeadline", control.SetWriteDeadline(time.Now().Add(-time.Second))) {
				return
			}
			// HTTP/2 resets the stream in its own time.
			for end := time.Now().Add(limit / 2); time.Now().Before(end); time.Sleep(time.Millisecond) {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
			t.errorf("writes go on after the deadline")
		})
		if res, err := s.client.Do(s.request("GET", "/", nil)); err == nil {
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
		}
		s.finish()
	}},
	{"read_deadline", "", "a read deadline is kept", func(t *trial) {
		s := t.serve(func(w http.ResponseWriter, r *http.Request) {
			if !t.supported("SetReadDeadline", http.NewResponseController(w).SetReadDeadline(time.Now().Add(10*time.Millisecond))) {
				return
			}
			if _, err := io.ReadAll(r.Body); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.errorf("reading the body: %v, want os.ErrDeadlineExceeded", err)
			}
		})
		body, send := t.pipe() // nothing comes
		res, err := s.client.Do(s.request("POST", "/", body))
		_ = send.Close()
		if err == nil {
			_ = res.Body.Close()
		}
		s.finish()
	}},
	{"full_duplex", "", "a handler can answer before it has read all", func(t *trial) {
		s := t.serve(func(w http.ResponseWriter, r *http.Request) {
			control := http.NewResponseController(w)
			if err := control.EnableFullDuplex(); r.ProtoMajor == 1 && !t.supported("EnableFullDuplex", err) {
				return
			}
			_, _ = io.WriteString(w, "ready\n")
			if !t.supported("Flush", control.Flush()) {
				return
			}
			line, err := bufio.NewReader(r.Body).ReadString('\n')
			t.must("reading after writing", err)
			_, _ = io.WriteString(w, line)
		})
		body, send := t.pipe()
		res := s.do(s.request("POST", "/", body))
		if res == nil {
			return
		}
		lines := bufio.NewReader(res.Body)
		if line, err := lines.ReadString('\n'); line != "ready\n" {
			t.errorf("first line %q: %v", line, err)
			return
		}
		_, _ = io.WriteString(send, "hello\n")
		_ = send.Close()
		if line, err := lines.ReadString('\n'); line != "hello\n" {
			t.errorf("second line %q: %v", line, err)
		}
	}},
	{"features", "", "the writer has the server's own optional methods", func(t *trial) {
		t.serve(func(w http.ResponseWriter, r *http.Request) {
			_, flush := w.(http.Flusher)
			_, hijack := w.(http.Hijacker)
			_, push := w.(http.Pusher)
			if h2 := r.ProtoMajor == 2; !flush || hijack == h2 || push != h2 {
				t.errorf("%s: Flusher %v, Hijacker %v, Pusher %v", r.Proto, flush, hijack, push)
			}
		}).get(http.StatusOK, "")
	}},
}
