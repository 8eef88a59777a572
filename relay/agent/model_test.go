package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/sonde-go/sonde/relay/internal/spool"
)

// What a script of model does, one byte each; the upper half of the byte says how much.
const (
	stepSend    = iota // a new post
	stepRepeat         // the last post once more, as if its answer had been lost
	stepLonger         // the last post once more, with more records behind it
	stepCrash          // what is on the disk, without an end in good order
	stepRestart        //
	stepDrain          // some messages are taken out
	stepSlow           // some messages are read, and stay
	stepFill           // posts until the spool is full
	steps
)

// FuzzModel: whatever happens to an agent, in whatever order, all that it acknowledged
// comes out of its spool, as often as the model allows and not once more.
func FuzzModel(f *testing.F) {
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) > 24 {
			script = script[:24]
		}
		newModel(t).run(script)
	})
}

// TestModel runs scripts that nobody has chosen.
func TestModel(t *testing.T) {
	seeds := 3
	if os.Getenv("SONDE_TEST_ALL") != "" {
		seeds = 100
	}
	for range seeds {
		seed := rand.Uint64()
		random := rand.New(rand.NewPCG(seed, 0))
		script := make([]byte, 24)
		for i := range script {
			script[i] = byte(random.Uint32())
		}
		newModel(t).run(script)
		if t.Failed() {
			t.Fatalf("the script is %q", script)
		}
	}
}

// model is an agent, and what has to be in its spool.
type model struct {
	t     *testing.T
	dir   string
	agent *Agent
	last  *sent
	next  int // record

	messages map[string]*message // by id of their post and trace
	promised map[string]bool     // records that were acknowledged
	found    map[string]int      // how often each record has come out
}

// sent is a post.
type sent struct{ first, records int }

// message is what a post has of a trace. The server knows the ids of what is in the
// stream and of what was since it was started.
type message struct {
	lines   []string
	known   bool
	drained bool
	copies  int // at most
}

func newModel(t *testing.T) *model {
	m := &model{t: t, dir: t.TempDir(), messages: map[string]*message{}, promised: map[string]bool{}, found: map[string]int{}}
	m.open()
	t.Cleanup(func() { m.agent.Close() })
	return m
}

func (m *model) open() {
	m.t.Helper()
	var err error
	m.agent, err = newAgent(context.Background(), Config{
		Listen: []string{"unix://" + socket(m.t)}, DataDir: m.dir, MaxBytes: 48 << 10, Log: slog.New(slog.DiscardHandler),
	}, noDrain)
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *model) run(script []byte) {
	m.t.Helper()
	for _, b := range script {
		much := int(b>>4) + 1
		switch b % 16 % steps {
		case stepSend:
			m.send(&sent{m.next + 1, much})
		case stepRepeat:
			if m.last != nil {
				m.send(m.last)
			}
		case stepLonger:
			if m.last != nil {
				m.send(&sent{m.last.first, m.last.records + much})
			}
		case stepCrash:
			m.crash()
		case stepRestart:
			m.end()
			m.open()
		case stepDrain:
			m.drain(much, false)
		case stepSlow:
			m.drain(much, true)
		case stepFill:
			for range 100 {
				if !m.send(&sent{m.next + 1, 40}) {
					break
				}
			}
		}
	}
	m.drain(math.MaxInt, false)
	m.check()
}

// producer is that of all posts.
const producer = "00000000000000aa"

// traces is among how many the records of a post are shared out, more than are
// published one by one.
const traces = 35

// send posts some records, and reports whether they were acknowledged.
func (m *model) send(s *sent) bool {
	m.t.Helper()
	m.last, m.next = s, max(m.next, s.first+s.records-1)
	of := map[string]*message{}
	var body strings.Builder
	for n := s.first; n < s.first+s.records; n++ {
		trace := traceID(n % traces)
		key := fmt.Sprintf("%d %d %s", s.first, s.records, trace)
		msg := m.messages[key]
		if msg == nil {
			msg = &message{}
			m.messages[key] = msg
		}
		if of[key] == nil {
			of[key], msg.lines = msg, nil
		}
		text := line(trace, n)
		msg.lines = append(msg.lines, text)
		body.WriteString(text + "\n")
	}
	for _, msg := range of {
		if !msg.known {
			msg.known = true
			msg.drained = false
			msg.copies++
		}
	}
	req := httptest.NewRequest(http.MethodPost, "/v1/events", strings.NewReader(body.String()))
	req.Header.Set("Sonde-Producer", producer)
	req.Header.Set("Sonde-First", strconv.Itoa(s.first))
	w := httptest.NewRecorder()
	m.agent.handler(&m.agent.doors[0]).ServeHTTP(w, req)
	var said answer
	if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil {
		m.t.Fatal(err)
	}
	switch {
	case w.Code == http.StatusOK && said.Accepted == s.records:
		for _, msg := range of {
			for _, text := range msg.lines {
				m.promised[text] = true
			}
		}
		return true
	case w.Code == http.StatusTooManyRequests && w.Header().Get("Retry-After") != "" && said.Accepted == 0:
		return false
	}
	m.t.Fatalf("%d %s", w.Code, w.Body)
	return false
}

// end ends the agent, and the server with it, which forgets the ids of what has been
// taken out.
func (m *model) end() {
	m.t.Helper()
	s := m.agent.Status(m.t.Context())
	if s.Received != s.Spooled+s.Repeated+s.Rejected+s.Full+s.Failed || s.Failed != 0 {
		m.t.Errorf("the accounts do not balance: %+v", s)
	}
	if err := m.agent.Close(); err != nil {
		m.t.Fatal(err)
	}
	for _, msg := range m.messages {
		if msg.drained {
			msg.known = false
		}
	}
}

// crash goes on with what is on the disk while the agent runs.
func (m *model) crash() {
	m.t.Helper()
	left := filepath.Join(m.t.TempDir(), "data")
	if err := os.CopyFS(left, os.DirFS(m.dir)); err != nil {
		m.t.Fatal(err)
	}
	m.end()
	m.dir = left
	m.open()
}

// drain takes the oldest messages out of the spool; a drain that is slow leaves them
// there.
func (m *model) drain(n int, slow bool) {
	m.t.Helper()
	stream, err := m.agent.spool.JetStream().Stream(m.t.Context(), spool.StreamName)
	if err != nil {
		m.t.Fatal(err)
	}
	state := stream.CachedInfo().State
	for seq := max(state.FirstSeq, 1); seq <= state.LastSeq && n > 0; seq++ {
		msg, err := stream.GetMsg(m.t.Context(), seq)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			m.t.Fatal(err)
		}
		b, err := spool.Decode(msg.Subject, msg.Header, msg.Data)
		if err != nil {
			m.t.Fatal(err)
		}
		n--
		if slow {
			continue
		}
		for text := range strings.Lines(string(b.Text)) {
			m.found[strings.TrimSuffix(text, "\n")]++
		}
		if err := stream.DeleteMsg(m.t.Context(), seq); err != nil {
			m.t.Fatal(err)
		}
		for key, known := range m.messages {
			if id := idOf(key); strings.HasSuffix(key, b.Trace) && (b.ID == id || strings.HasPrefix(b.ID, id+"-")) {
				known.drained = true
			}
		}
	}
}

// idOf is how the ids of a post's messages begin.
func idOf(key string) string {
	var first, records int
	_, _ = fmt.Sscan(key, &first, &records)
	return fmt.Sprintf("%s-%d-%d", producer, first, first+records-1)
}

func (m *model) check() {
	m.t.Helper()
	allowed := map[string]int{}
	for _, msg := range m.messages {
		for _, text := range msg.lines {
			allowed[text] += msg.copies
		}
	}
	for text := range m.promised {
		if m.found[text] == 0 {
			m.t.Errorf("lost: %s", text)
		}
	}
	for text, n := range m.found {
		if n > allowed[text] {
			m.t.Errorf("%d instead of at most %d times: %s", n, allowed[text], text)
		}
	}
	if state, err := m.agent.spool.State(m.t.Context()); err != nil || state.Messages != 0 {
		m.t.Errorf("%+v, %v", state, err)
	}
}
