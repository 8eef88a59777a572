package agent

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sonde-go/sonde/relay/internal/spool"
	"github.com/sonde-go/sonde/relay/quarantine"
)

var (
	stopping  = &refusal{http.StatusServiceUnavailable, "stopping", "the agent stops; send it again later", 5}
	full      = &refusal{http.StatusTooManyRequests, "full", "the spool is full; send it again later", 5}
	badSpool  = &refusal{http.StatusServiceUnavailable, "spool", "the spool fails; send it again later", 5}
	fromPage  = &refusal{http.StatusForbidden, "page", "this is not for pages in a browser", 0}
	noPath    = &refusal{http.StatusNotFound, "path", "there is nothing here; records go to POST /v1/events", 0}
	noToken   = &refusal{http.StatusUnauthorized, "token", "send the token: Authorization: Bearer TOKEN", 0}
	badNumber = &refusal{http.StatusBadRequest, "header", "Sonde-Producer is 16 hexadecimal digits and Sonde-First a number from 1; send both or neither", 0}
)

// handler answers what comes in at a door.
func (a *Agent) handler(d *door) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/v1/events", a.only(a.events, http.MethodPost))
	for path, answer := range map[string]http.HandlerFunc{"/healthz": a.healthz, "/readyz": a.readyz, "/metrics": a.metrics, "/v1/status": a.status} {
		mux.HandleFunc(path, a.only(answer, http.MethodGet, http.MethodHead))
	}
	mux.Handle(quarantine.Path, a.aside())
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { a.refuse(w, noPath) })
	want := sha256.Sum256([]byte(a.config.Token))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Any page may have its reader's browser send to the ports of this machine.
		if r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "" {
			a.refuse(w, fromPage)
			return
		}
		if d.tcp && a.config.Token != "" {
			scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
			got := sha256.Sum256([]byte(token))
			if !strings.EqualFold(scheme, "Bearer") || subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
				w.Header().Set("WWW-Authenticate", "Bearer")
				a.refuse(w, noToken)
				return
			}
		}
		mux.ServeHTTP(w, r)
	})
}

// only refuses requests of other methods.
func (a *Agent) only(answer http.HandlerFunc, methods ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !slices.Contains(methods, r.Method) {
			allowed := strings.Join(methods, ", ")
			w.Header().Set("Allow", allowed)
			a.refuse(w, &refusal{http.StatusMethodNotAllowed, "method", "another method: " + allowed, 0})
			return
		}
		answer(w, r)
	}
}

// answer is the body of the answers to posts.
type answer struct {
	Accepted int        `json:"accepted"`
	Rejected []rejected `json:"rejected,omitempty"`
	More     int        `json:"more_rejected,omitempty"` // that are not listed
	Error    string     `json:"error,omitempty"`
}

// work is what a post needs while it is under way, and the next one can use again.
type work struct {
	body     []byte
	packed   []byte // the body as it was sent, if it was compressed
	splitter splitter
	post     post
}

// keptBody is how large a buffer may be that is kept for other posts.
const keptBody = 512 << 10

var works = sync.Pool{New: func() any { return &work{post: post{done: make(chan struct{}, 1)}} }}

// events answers a post. What the post held is given back before that: who does not
// read the answer keeps nothing from others.
func (a *Agent) events(w http.ResponseWriter, r *http.Request) {
	said, err := a.post(w, r)
	switch {
	case err != nil:
		a.refuse(w, err)
	case said.Error != "":
		reply(w, http.StatusBadRequest, said)
	default:
		reply(w, http.StatusOK, said)
	}
}

// post reads a post and puts what it has into the spool.
func (a *Agent) post(w http.ResponseWriter, r *http.Request) (*answer, error) {
	a.under.RLock()
	defer a.under.RUnlock()
	if a.stopped {
		return nil, stopping
	}
	control := http.NewResponseController(w)
	control.SetReadDeadline(time.Now().Add(a.config.BodyTimeout))
	wk := works.Get().(*work)
	h := held{budget: &a.budget}
	defer func() {
		h.free()
		for _, buf := range []*[]byte{&wk.body, &wk.packed} {
			if cap(*buf) > keptBody {
				*buf = nil
			}
		}
		clear(wk.post.batches)
		works.Put(wk)
	}()
	if err := h.take(cap(wk.body) + cap(wk.packed)); err != nil {
		return nil, err
	}
	producer, first, err := numbers(r)
	if err != nil {
		return nil, err
	}
	if err := a.decoders.readBody(w, r, &h, wk); err != nil {
		return nil, err
	}
	if len(wk.body) > 0 && wk.body[len(wk.body)-1] != '\n' {
		wk.body = append(wk.body, '\n')
	}
	if wk.post.batches, err = wk.splitter.split(wk.body, &h, wk.post.batches[:0]); err != nil {
		return nil, err
	}
	control.SetReadDeadline(time.Time{})
	return a.take(wk, producer, first)
}

// take puts what a post has into the spool, and returns what is to be said to that.
func (a *Agent) take(wk *work, producer string, first uint64) (*answer, error) {
	s := &wk.splitter
	taken := s.records - s.refused
	said := &answer{Accepted: taken, Rejected: s.rejected, More: s.refused - len(s.rejected)}
	a.counts.received.Add(uint64(s.records))
	a.counts.rejected.Add(uint64(s.refused))
	if taken == 0 {
		if s.refused > 0 {
			said.Error = "none of the lines is a record that can be stored"
		}
		return said, nil
	}
	if producer == "" {
		producer, first = a.producer, a.sequence.Add(uint64(s.records))-uint64(s.records)+1
	}
	p := &wk.post
	name(p.batches, producer, first, s.records)
	p.bytes = 0
	for i := range p.batches {
		p.bytes += len(p.batches[i].Text)
	}
	var failed error
	for i, r := range a.committer.commit(p) {
		n := uint64(p.batches[i].Records)
		switch {
		case r.Err == nil && r.Repeated:
			a.counts.repeated.Add(n)
		case r.Err == nil:
			a.counts.spooled.Add(n)
		case errors.Is(r.Err, spool.ErrFull):
			a.counts.full.Add(n)
			failed = full
		default:
			a.counts.failed.Add(n)
			a.failing.say(a.config.Log, "the spool fails; posts are refused", r.Err)
			if failed == nil {
				failed = badSpool
			}
		}
	}
	if failed != nil {
		return nil, failed
	}
	return said, nil
}

// numbers reads the headers that number the records.
func numbers(r *http.Request) (producer string, first uint64, err error) {
	producer, number := r.Header.Get("Sonde-Producer"), r.Header.Get("Sonde-First")
	if producer == "" && number == "" {
		return "", 0, nil
	}
	if len(producer) != 16 || strings.Trim(producer, "0123456789abcdefABCDEF") != "" {
		return "", 0, badNumber
	}
	first, err = strconv.ParseUint(number, 10, 63)
	if err != nil || first == 0 {
		return "", 0, badNumber
	}
	return strings.ToLower(producer), first, nil
}

// refuse answers a post that is not taken.
func (a *Agent) refuse(w http.ResponseWriter, err error) {
	var r *refusal
	if !errors.As(err, &r) { // the sender is gone
		r = &refusal{http.StatusBadRequest, "gone", "the request ended", 0}
	}
	a.counts.refused(r.reason)
	if r.retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(r.retry))
	}
	reply(w, r.status, &answer{Error: r.text})
}

func reply(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Sprintf("agent: %v", err)) // our own types
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(append(text, '\n'))
}
