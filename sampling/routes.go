package sampling

import (
	"strings"
	"sync"
	"time"

	"github.com/sonde-go/sonde/profiler"
)

// routes knows for each route when the next request of it is kept. Paths come from
// outside, so there is a limit, beyond which all routes of a layer count as one.
type routes struct {
	mu    sync.Mutex
	max   int
	known map[string]*route
	swept time.Time
}

type route struct {
	label string
	next  time.Time // when a request is kept again
	last  time.Time // when one came
	among uint64    // requests since the one that was kept
}

// idle is how long a route is remembered that no request takes, if there is no room.
const idle = 10 * time.Minute

func (t *routes) reset(limit int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.max, t.known = limit, map[string]*route{}
}

func (t *routes) limit() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.max
}

func (t *routes) size() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.known)
}

// take reports whether the request a is kept, if perMinute are of each route, and of
// how many requests of its route it is the one that is.
func (t *routes) take(a *profiler.Arrival, perMinute float64, now time.Time) (label string, among uint64, keep bool) {
	var room [160]byte
	key := appendRoute(room[:0], a)
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.known[string(key)]
	if r == nil {
		r = t.add(key, a.Layer, now)
	}
	r.among++
	r.last = now
	if now.Before(r.next) {
		return "", 0, false
	}
	among = r.among
	r.among, r.next = 0, now.Add(time.Duration(float64(time.Minute)/perMinute))
	return r.label, among, true
}

// add makes room for a route, or returns the one that stands for those without room.
func (t *routes) add(key []byte, layer string, now time.Time) *route {
	if len(t.known) >= t.max && now.Sub(t.swept) > idle {
		t.swept = now
		for key, r := range t.known {
			if now.Sub(r.last) > idle {
				delete(t.known, key)
			}
		}
	}
	if len(t.known) >= t.max {
		key = append(key[:0], "other routes of "...)
		key = append(key, layer...)
		if r := t.known[string(key)]; r != nil {
			return r
		}
	}
	r := &route{label: string(key)}
	t.known[r.label] = r
	return r
}

// label names the route of a for people: "GET /cart/*".
func label(a *profiler.Arrival) string {
	var room [160]byte
	return string(appendRoute(room[:0], a))
}

// maxLabel is where the name of a route is cut.
const maxLabel = 120

// appendRoute appends the name of a's route. Where the layer does not know it, parts of
// the path that have a digit count as variables, except for versions such as v2.
func appendRoute(b []byte, a *profiler.Arrival) []byte {
	switch {
	case a.Method == "" && a.Layer != "":
		b = append(append(b, a.Layer...), ' ')
	case a.Method != "" && !strings.Contains(a.Route, " "):
		b = append(append(b, a.Method...), ' ')
	}
	if a.Route != "" {
		return cutLabel(append(b, a.Route[:min(len(a.Route), maxLabel)]...))
	}
	path := a.Path[:min(len(a.Path), maxLabel)]
	for path != "" {
		end := strings.IndexAny(path, "/.")
		if end < 0 {
			end = len(path)
		}
		if part := path[:end]; variable(part) {
			b = append(b, '*')
		} else {
			b = append(b, part...)
		}
		if end == len(path) {
			break
		}
		b = append(b, path[end])
		path = path[end+1:]
	}
	return cutLabel(b)
}

func cutLabel(b []byte) []byte { return b[:min(len(b), maxLabel)] }

func variable(part string) bool {
	if !strings.ContainsAny(part, "0123456789") {
		return false
	}
	version := len(part) <= 3 && part[0] == 'v'
	return !version
}
