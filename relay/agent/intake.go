package agent

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
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
	noToken   = &refusal{http.StatusUnauthorized, "token", "send the token: Authorization: Bearer TOKEN", 0}
	badNumber = &refusal{http.StatusBadRequest, "header", "Sonde-Producer is 16 hexadecimal digits and Sonde-First a number from 1; send both or neither", 0}
)

// handler answers what comes in at a door.
func (a *Agent) handler(d *door) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/events", a.events)
	mux.HandleFunc("GET /healthz", a.healthz)
	mux.HandleFunc("GET /readyz", a.readyz)
	mux.HandleFunc("GET /metrics", a.metrics)
	mux.HandleFunc("GET /v1/status", a.status)
	mux.Handle(quarantine.Path, a.aside())
	want := sha256.Sum256([]byte("Bearer " + a.config.Token))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Any page may have its reader's browser send to the ports of this machine.
		if r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "" {
			a.refuse(w, fromPage)
			return
		}
		if d.tcp && a.config.Token != "" {
			got := sha256.Sum256([]byte(r.Header.Get("Authorization")))
			if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
				w.Header().Set("WWW-Authenticate", "Bearer")
				a.refuse(w, noToken)
				return
			}
		}
		mux.ServeHTTP(w, r)
	})
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
	splitter splitter
	post     post
}

// keptBody is how large a buffer may be that is kept for other posts.
const keptBody = 512 << 10

var works = sync.Pool{New: func() any { return &work{post: post{done: make(chan struct{}, 1)}} }}

func (a *Agent) events(w http.ResponseWriter, r *http.Request) {
	a.under.RLock()
	defer a.under.RUnlock()
	if a.stopped {
		a.refuse(w, stopping)
		return
	}
	control := http.NewResponseController(w)
	control.SetReadDeadline(time.Now().Add(a.config.BodyTimeout))
	wk := works.Get().(*work)
	h := held{budget: &a.budget}
	var err error
	defer func() {
		h.free()
		if cap(wk.body) > keptBody {
			wk.body = nil
		}
		clear(wk.post.batches)
		works.Put(wk)
	}()
	if err = h.take(cap(wk.body)); err != nil {
		a.refuse(w, err)
		return
	}
	producer, first, err := numbers(r)
	if err == nil {
		wk.body, err = a.decoders.readBody(w, r, &h, wk.body[:0])
	}
	if err == nil && len(wk.body) > 0 && wk.body[len(wk.body)-1] != '\n' {
		wk.body = append(wk.body, '\n')
	}
	if err == nil {
		wk.post.batches, err = wk.splitter.split(wk.body, &h, wk.post.batches[:0])
	}
	if err != nil {
		a.refuse(w, err)
		return
	}
	control.SetReadDeadline(time.Time{})
	a.take(w, wk, producer, first)
}

// take puts what a post has into the spool and answers it.
func (a *Agent) take(w http.ResponseWriter, wk *work, producer string, first uint64) {
	s := &wk.splitter
	taken := s.records - s.refused
	said := answer{Accepted: taken, Rejected: s.rejected, More: s.refused - len(s.rejected)}
	a.counts.received.Add(uint64(s.records))
	a.counts.rejected.Add(uint64(s.refused))
	if taken == 0 {
		status := http.StatusOK
		if s.refused > 0 {
			status = http.StatusBadRequest
			said.Error = "none of the lines is a record that can be stored"
		}
		reply(w, status, &said)
		return
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
		a.refuse(w, failed)
		return
	}
	reply(w, http.StatusOK, &said)
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
