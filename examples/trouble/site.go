package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/sonde-go/sonde/drivers"
	_ "github.com/sonde-go/sonde/drivers/memory"
	"github.com/sonde-go/sonde/header"
	sondehttp "github.com/sonde-go/sonde/middleware/http"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/sqltrace"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// site is what a trouble is built on: services, their servers and databases,
// and the store that holds the trace of the one request.
//
// Its methods that build something keep the first error, which ask returns
// before it sends anything.
type site struct {
	size
	store    *drivers.Store
	trace    string
	keys     *header.Keyring
	client   *http.Client
	dir      string
	services []*profiler.Service
	closers  []func() error // called last to first
	err      error
}

func newSite(ctx context.Context, z size) *site {
	s := &site{size: z, client: &http.Client{Transport: &http.Transport{}}}
	var storeErr, keyErr, dirErr error
	s.store, storeErr = drivers.Open(ctx, "memory://", drivers.Options{})
	s.keys, keyErr = header.ParseKeys("the troubles' secret")
	s.dir, dirErr = os.MkdirTemp("", "sonde-trouble-")
	s.err = errors.Join(storeErr, keyErr, dirErr)
	return s
}

func (s *site) check(err error) {
	if s.err == nil {
		s.err = err
	}
}

func (s *site) onStop(f func() error) { s.closers = append(s.closers, f) }

// service is one program on a host of its own.
func (s *site) service(name string) *profiler.Service { return s.recorded(name, s.store) }

// recorded is a service whose records go to a sink.
func (s *site) recorded(name string, sink record.Sink) *profiler.Service {
	svc, err := profiler.New(profiler.Config{
		Name: name, Host: name + "-1", Project: "trouble", Keys: s.keys, Sink: sink,
	})
	if s.check(err); err != nil {
		return nil
	}
	s.services = append(s.services, svc)
	return svc
}

// method is what a server does for one route or one gRPC method: it takes a
// text and gives one.
type method func(ctx context.Context, arg string) (string, error)

// web serves one route, such as "GET /orders/{id}", whose id the method takes.
func (s *site) web(svc *profiler.Service, route string, do method) (url string) {
	mux := http.NewServeMux()
	mux.HandleFunc(route, func(w http.ResponseWriter, r *http.Request) {
		switch answer, err := do(r.Context(), r.PathValue("id")); {
		case status.Code(err) == codes.DeadlineExceeded:
			http.Error(w, err.Error(), http.StatusGatewayTimeout)
		case err != nil:
			http.Error(w, err.Error(), http.StatusInternalServerError)
		default:
			fmt.Fprintln(w, answer)
		}
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if s.check(err); err != nil {
		return ""
	}
	server := &http.Server{
		Handler: sondehttp.Handler(svc, mux), ReadHeaderTimeout: 5 * time.Second,
		ErrorLog: log.New(io.Discard, "", 0), // a panic is planted
	}
	go func() { _ = server.Serve(listener) }()
	s.onStop(func() error { return server.Shutdown(context.Background()) })
	return "http://" + listener.Addr().String()
}

// database is a SQLite file with these tables. Each has the rows 1 to repeats,
// and reading one of them takes as long as is said here.
func (s *site) database(tables map[string]time.Duration) *sql.DB {
	db, err := sqltrace.Open("sqlite", filepath.Join(s.dir, fmt.Sprintf("%d.db", len(s.closers))))
	if s.check(err); err != nil {
		return nil
	}
	s.onStop(db.Close)
	for table, wait := range tables {
		_, err := db.Exec(fmt.Sprintf(tableSchema, table, wait.Microseconds(), s.repeats))
		s.check(err)
	}
	return db
}

// ask sends a signed request and returns the status code of the answer, or the error
// of what could not be built.
func (s *site) ask(ctx context.Context, url string) (code int, err error) {
	if s.err != nil {
		return 0, s.err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	id := header.NewID()
	s.trace = id.String()
	s.keys.Primary().Sign(header.Info{BaseID: id}).Write(r.Header)
	res, err := s.client.Do(r)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}

// want is ask for a request whose status code is known.
func (s *site) want(ctx context.Context, url string, code int) error {
	got, err := s.ask(ctx, url)
	if err == nil && got != code {
		return fmt.Errorf("GET %s gives %d, want %d", url, got, code)
	}
	return err
}

// flush stores what was recorded until now.
func (s *site) flush(ctx context.Context) (err error) {
	for _, svc := range s.services {
		err = errors.Join(err, svc.Flush(ctx))
	}
	return err
}

// stop ends all servers, which finish what they do, and stores all that they
// have recorded. It may be called again.
func (s *site) stop() (err error) {
	s.client.CloseIdleConnections()
	for i := len(s.closers) - 1; i >= 0; i-- {
		err = errors.Join(err, s.closers[i]())
	}
	for _, svc := range s.services {
		err = errors.Join(err, svc.Close(context.Background()))
	}
	s.closers, s.services = nil, nil
	return err
}

// close stops the site and forgets its trace.
func (s *site) close() {
	err := errors.Join(s.stop(), os.RemoveAll(s.dir))
	if s.store != nil {
		err = errors.Join(err, s.store.Close())
	}
	if err != nil {
		slog.Warn("the site was not closed as it should be", "error", err)
	}
}
