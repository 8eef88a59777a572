package wrapcheck_test

import (
	"fmt"
	"net/http"
	"time"

	"github.com/sonde-go/sonde/middleware/http/wrapcheck"
)

// A wrapper as they are often written: it hides what the server's writer can
// do besides.
func statusLogger(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := &statusWriter{ResponseWriter: w}
		next.ServeHTTP(s, r)
		_ = s.status // to be logged
	})
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (s *statusWriter) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}

func ExampleSubject_Run() {
	results := wrapcheck.Subject{Wrap: statusLogger}.Run()
	for _, r := range results {
		if r.Check.Name == "writer/push" || r.Check.Name == "h1/plain" {
			fmt.Println(r.Check.Name, r.Errs)
		}
	}
	// Output:
	// writer/push [the wrapped writer has no Push]
	// h1/plain []
}

// In a test of a wrapper, Test makes each check a subtest:
//
//	func TestConformance(t *testing.T) {
//		wrapcheck.Run(t, wrapcheck.Subject{Wrap: timeouts})
//	}
func ExampleRun() {
	timeouts := func(next http.Handler) http.Handler { return http.TimeoutHandler(next, time.Second, "") }
	_ = wrapcheck.Subject{Wrap: timeouts}
}
