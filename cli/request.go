package cli

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/terminal"
)

// requestFlags are the request, with the letters that curl has for it.
type requestFlags struct {
	Request  string        `short:"X" help:"Method; GET, or POST with --data." placeholder:"METHOD"`
	Header   []string      `short:"H" help:"Header of the request; may be repeated." placeholder:"NAME:VALUE" sep:"none"`
	Data     *string       `short:"d" help:"Body of the request, @FILE to read it from a file, @- from standard input." placeholder:"DATA"`
	User     Secret        `short:"u" help:"User and password for the server (HTTP basic authentication), or env:NAME or @FILE." placeholder:"USER:PASSWORD"`
	Location bool          `short:"L" help:"Follow redirections."`
	Insecure bool          `short:"k" help:"Do not verify the server's certificate."`
	Body     string        `short:"o" help:"Write the answer's body to a file, - for standard output." placeholder:"FILE" type:"path"`
	Include  bool          `short:"i" help:"Write the answer's status and headers before its body; both to standard output without -o."`
	Timeout  time.Duration `help:"How long the answer, with its body, may take; ${default}, 0 for no limit." default:"1m" placeholder:"DURATION"`
	URL      string        `arg:"" help:"Where to send the request." placeholder:"URL"`
}

func (c *requestFlags) request(s streams) (*http.Request, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("want a URL that begins with http:// or https://")
	}
	method := http.MethodGet
	var body io.Reader
	if c.Data != nil {
		method = http.MethodPost
		if body, err = c.body(s); err != nil {
			return nil, err
		}
	}
	if c.Request != "" {
		method = c.Request
	}
	r, err := http.NewRequest(method, c.URL, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("User-Agent", "sonde")
	if body != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if c.User != "" {
		user, password, ok := strings.Cut(string(c.User), ":")
		if !ok {
			return nil, errors.New("--user has no colon: want USER:PASSWORD")
		}
		r.SetBasicAuth(user, password)
	}
	for _, h := range c.Header {
		name, value, ok := strings.Cut(h, ":")
		if !ok {
			return nil, fmt.Errorf("header %q has no colon", h)
		}
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if strings.EqualFold(name, "Host") {
			r.Host = value
			continue
		}
		r.Header.Set(name, value)
	}
	return r, nil
}

func (c *requestFlags) body(s streams) (io.Reader, error) {
	file, ok := strings.CutPrefix(*c.Data, "@")
	if !ok {
		return strings.NewReader(*c.Data), nil
	}
	read := func() ([]byte, error) { return os.ReadFile(file) }
	if file == "-" {
		read = func() ([]byte, error) { return io.ReadAll(s.in) }
	}
	data, err := read()
	return strings.NewReader(string(data)), err
}

// answer is what became of the request.
type answer struct {
	sent   bool // so that there may be records
	status int  // 0: none
	hint   string
	err    error // why it failed; has been said
}

// send makes the request and says how it was answered.
func (c *requestFlags) send(ctx context.Context, r *http.Request, s streams) (a answer) {
	var sent atomic.Bool
	limited := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }})
	if c.Timeout > 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(limited, c.Timeout)
		defer cancel()
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	defer transport.CloseIdleConnections()
	if c.Insecure {
		transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	}
	client := &http.Client{Transport: transport, CheckRedirect: c.redirect}
	what := r.Method + " " + terminal.Clean(r.URL.Redacted())
	began := time.Now()
	response, err := client.Do(r.WithContext(limited))
	defer func() { a.sent = sent.Load() }()
	if err != nil {
		a.err = fmt.Errorf("%s: %w", what, c.why(limited, err))
		if ctx.Err() == nil {
			say(s, a.err)
		}
		return a
	}
	defer response.Body.Close()
	a.status = response.StatusCode
	if last := response.Request.URL; last.String() != r.URL.String() {
		what += ", redirected to " + terminal.Clean(last.Redacted())
	}
	what += ": " + terminal.Clean(response.Status)
	n, err := c.keep(response, s)
	if err != nil {
		a.err = fmt.Errorf("%s, but after %s: %w", what, plural(int(n), "byte"), c.why(limited, err))
		if ctx.Err() == nil {
			say(s, a.err)
		}
		return a
	}
	fmt.Fprintf(s.err, "%s, %s in %v%s\n", what, plural(int(n), "byte"), time.Since(began).Round(100*time.Microsecond), c.target(response))
	if response.StatusCode == http.StatusBadRequest && response.Request.URL.Scheme == "http" &&
		probe(ctx, withPort(response.Request.URL)) == speaksTLS {
		a.hint = " The port speaks TLS: want https://"
	}
	return a
}

// withPort is host:port of an http:// URL.
func withPort(u *url.URL) string {
	return net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "80"))
}

// target says where a redirection leads that was not followed.
func (c *requestFlags) target(response *http.Response) string {
	to, err := response.Location()
	if err != nil || c.Location || response.StatusCode/100 != 3 {
		return ""
	}
	return "; -L follows it to " + terminal.Clean(to.Redacted())
}

// why says in one line why there is no answer, or not all of it.
func (c *requestFlags) why(ctx context.Context, err error) error {
	var inner *url.Error
	if errors.As(err, &inner) {
		err = inner.Err // the request is named already
	}
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("no answer after %v (--timeout)", c.Timeout)
	case errors.As(err, &certificate):
		return fmt.Errorf("%w; -k does not verify it", err)
	}
	return err
}

// maxRedirects is how many redirections are followed.
const maxRedirects = 20

// redirect is asked before each redirection. What proves who sent the request
// is for the first host alone.
func (c *requestFlags) redirect(next *http.Request, before []*http.Request) error {
	switch {
	case !c.Location:
		return http.ErrUseLastResponse
	case len(before) > maxRedirects:
		return fmt.Errorf("redirected more than %d times", maxRedirects)
	case sameServer(before[0].URL, next.URL):
		return nil
	}
	for _, name := range []string{header.InfoName, header.HMACKey, "Authorization", "Cookie"} {
		next.Header.Del(name)
	}
	return nil
}

// sameServer reports whether two URLs are of one server, or the second is its
// move from http to https on the usual ports.
func sameServer(a, b *url.URL) bool {
	port := func(u *url.URL) string {
		if p := u.Port(); p != "" {
			return p
		}
		return u.Scheme
	}
	if !strings.EqualFold(a.Hostname(), b.Hostname()) {
		return false
	}
	return a.Scheme == b.Scheme && port(a) == port(b) || a.Scheme == "http" && b.Scheme == "https" && a.Port() == "" && b.Port() == ""
}

// destination is where the answer goes.
type destination int

const (
	toNowhere destination = iota
	toFile
	toStdout
)

func (c *requestFlags) answerTo() destination {
	switch {
	case c.Body != "" && c.Body != "-":
		return toFile
	case c.Body == "-" || c.Include:
		return toStdout
	}
	return toNowhere
}

// keep reads the answer and writes it where it was asked for. n is how long
// the body is.
func (c *requestFlags) keep(response *http.Response, s streams) (n int64, err error) {
	switch c.answerTo() {
	case toNowhere:
		return io.Copy(io.Discard, response.Body)
	case toFile:
		file, err := os.Create(c.Body)
		if err != nil {
			return 0, err
		}
		n, err = c.copyAnswer(file, response)
		return n, errors.Join(err, file.Close())
	}
	w := newAnswerWriter(s.out)
	n, err = c.copyAnswer(w, response)
	return n, errors.Join(err, w.close())
}

func (c *requestFlags) copyAnswer(w io.Writer, response *http.Response) (n int64, err error) {
	if c.Include {
		if _, err := fmt.Fprintf(w, "%s %s\r\n", response.Proto, response.Status); err != nil {
			return 0, err
		}
		if err := response.Header.Write(w); err != nil {
			return 0, err
		}
		if _, err := io.WriteString(w, "\r\n"); err != nil {
			return 0, err
		}
	}
	return io.Copy(w, response.Body)
}
