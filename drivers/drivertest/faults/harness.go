package faults

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/record"
)

// Scenario is a fault of a server.
type Scenario string

// The scenarios, and what each needs from a [Server] besides Addr and URL.
const (
	Down             Scenario = "Down"             // at the start, and up later: Stop, Start
	Frozen           Scenario = "Frozen"           // its connections stay and nothing answers: Freeze, Thaw
	Killed           Scenario = "Killed"           // under load, and started again: Kill, Start
	Slow             Scenario = "Slow"             // its replies come in pieces
	Cut              Scenario = "Cut"              // its connections end in the middle of a reply
	WrongCredentials Scenario = "WrongCredentials" // Wrong
	NoRoom           Scenario = "NoRoom"           // and room again later: Fill
)

// Secret is the password in the URLs of a [Server]. No error may contain it.
const Secret = "hunter2"

// Harness tells the suite about a driver.
type Harness struct {
	// New makes an empty store, once for each scenario. It may use the same server
	// each time, since each scenario leaves it running.
	New func(t *testing.T) *Server

	// Lacks has the scenarios that make no sense for the store, each with the
	// reason.
	Lacks map[Scenario]string
}

// Server is an empty store and the server that holds it. The functions are
// called by the goroutine that runs the test.
type Server struct {
	// Addr is the server's host:port. URL returns the store's URL for a server at
	// addr, which may be a proxy of the suite. If the server takes a password, the
	// URL has [Secret] as the password.
	Addr string
	URL  func(addr string) string

	// Options are used to open the store. The suite sets SocketTimeout and
	// ConnectTimeout itself.
	Options drivers.Options

	// Name is the server's name in the error for a server that does not answer,
	// such as "MongoDB at 127.0.0.1:27017".
	Name string

	Stop, Kill   func() // in good order; as by SIGKILL
	Start        func() // after Stop or Kill, with the data, until it answers
	Freeze, Thaw func() // as by SIGSTOP and SIGCONT

	// Wrong returns a URL whose credentials the server refuses. The password
	// contains [Secret].
	Wrong func(t *testing.T) string

	// Fill uses up the store's room, and free gives it back.
	Fill func(t *testing.T) (free func())

	// Stored counts the records in the store without the driver: distinct ones,
	// unless the store drops repeats itself, which counting all then checks. Nil:
	// they are counted through the driver, or not at all if it cannot read.
	Stored func(t *testing.T) int

	// Forgets says that a store that is killed loses what it has acknowledged.
	Forgets bool

	// Holds says that acknowledged records may still be in the driver, such as a
	// start record that waits for its stop, and are lost if the driver is closed at
	// the wrong moment.
	Holds bool
}

// scenarios has Frozen last: a server that was frozen may do what it was sent
// meanwhile at any later time.
var scenarios = []struct {
	name Scenario
	run  func(*testing.T, *Server)
	can  func(*Server) bool
}{
	{Slow, testSlow, func(*Server) bool { return true }},
	{Cut, testCut, func(*Server) bool { return true }},
	{WrongCredentials, testWrongCredentials, func(s *Server) bool { return s.Wrong != nil }},
	{NoRoom, testNoRoom, func(s *Server) bool { return s.Fill != nil }},
	{Killed, testKilled, func(s *Server) bool { return s.Kill != nil && s.Start != nil }},
	{Down, testDown, func(s *Server) bool { return s.Stop != nil && s.Start != nil }},
	{Frozen, testFrozen, func(s *Server) bool { return s.Freeze != nil && s.Thaw != nil }},
}

// Run runs the suite. It logs what was left out and why.
func Run(t *testing.T, h Harness) {
	lacks := maps.Clone(h.Lacks)
	for _, sc := range scenarios {
		if why, ok := lacks[sc.name]; ok {
			delete(lacks, sc.name)
			if why == "" {
				t.Errorf("%s is left out without a reason", sc.name)
			}
			t.Logf("faults: without %s: %s", sc.name, why)
			continue
		}
		t.Run(string(sc.name), func(t *testing.T) {
			s := h.New(t)
			if !sc.can(s) {
				t.Fatal("the harness lacks what the scenario needs, and does not say why")
			}
			sc.run(t, s)
		})
	}
	for _, name := range slices.Collect(maps.Keys(lacks)) {
		t.Errorf("there is no scenario %q to be left out", name)
	}
}

// Only returns a value for Harness.Lacks that leaves out all scenarios but some,
// for the same reason.
func Only(why string, but ...Scenario) map[Scenario]string {
	lacks := map[Scenario]string{}
	for _, sc := range scenarios {
		if !slices.Contains(but, sc.name) {
			lacks[sc.name] = why
		}
	}
	return lacks
}

// open opens the store at url, with options of the scenario's own.
func (s *Server) open(t *testing.T, url string, connect, socket time.Duration) *drivers.Store {
	t.Helper()
	o := s.Options
	o.ConnectTimeout, o.SocketTimeout = connect, socket
	d, err := drivers.Open(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() }) // of a store with records that wait, it may fail
	return d
}

// here opens the store at its own address, with the usual options.
func (s *Server) here(t *testing.T) *drivers.Store {
	t.Helper()
	return s.open(t, s.URL(s.Addr), 0, 0)
}

// wantStored checks the number of records in the store.
func (s *Server) wantStored(t *testing.T, want int) {
	t.Helper()
	if got, counts := s.stored(t); counts && got != want {
		t.Errorf("%d records are stored, want %d", got, want)
	}
}

// stored counts the records in the store, and reports whether that can be done.
func (s *Server) stored(t *testing.T) (n int, counts bool) {
	t.Helper()
	if s.Stored != nil {
		n := s.Stored(t)
		return n, n >= 0
	}
	d := s.here(t)
	if !d.Can(drivers.List) || !d.Can(drivers.Read) {
		return 0, false
	}
	type id struct{ point, name string }
	seen := map[id]bool{}
	for tr, err := range d.Traces(t.Context(), drivers.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		for r, err := range d.Records(t.Context(), tr.ID) {
			var torn *record.BadRecordError // what a full disk leaves of a line
			if errors.As(err, &torn) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			seen[id{strings.Clone(r.Point), strings.Clone(r.Name)}] = true
		}
	}
	return len(seen), true
}

// shown checks that an error can be shown to a user.
func shown(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error", what)
		return
	}
	var e *drivers.Error
	if text := err.Error(); !errors.As(err, &e) || strings.ContainsAny(text, "\n\r\t") || strings.Contains(text, Secret) {
		t.Errorf("%s: %q, want one line without the password", what, text)
	}
}
