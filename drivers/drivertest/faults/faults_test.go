package faults_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/drivertest/faults"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	drivers.Register(drivers.Scheme{
		Name: "toy", Doc: "a store of this test", Example: "toy://:password@localhost:7", Port: "7",
		Import: "github.com/sonde-go/sonde/drivers/drivertest/faults", Open: openToy,
	})
	goleak.VerifyTestMain(m)
}

const faultEnv = "FAULTS_FAULT"

func fault() string { return os.Getenv(faultEnv) }

// TestToy runs the suite over the toy. TestSuiteFindsFaults has it done again, in
// a process of its own, for each fault.
func TestToy(t *testing.T) {
	faults.Run(t, faults.Harness{New: func(t *testing.T) *faults.Server {
		s, p := newToyServer(t)
		server := &faults.Server{
			Addr: p.Addr,
			URL:  func(addr string) string { return "toy://:" + faults.Secret + "@" + addr },
			Name: "toy at " + p.Addr,
			Stop: p.Stop, Start: p.Start, Kill: p.Stop, Freeze: p.Freeze, Thaw: p.Thaw,
			Wrong: func(*testing.T) string { return "toy://:x" + faults.Secret + "@" + p.Addr },
			Fill: func(*testing.T) func() {
				s.setFull(true)
				return func() { s.setFull(false) }
			},
			Stored: func(*testing.T) int { return s.distinct() },
		}
		if fault() == "none, and its records are read" {
			server.Stored = nil
		}
		return server
	}})
}

// TestSuiteFindsFaults checks that each scenario fails for a driver with a fault
// that it is for.
func TestSuiteFindsFaults(t *testing.T) {
	failed := regexp.MustCompile(`(?m)^    --- FAIL: TestToy/(\w+)`)
	found := map[faults.Scenario]bool{}
	for fault, scenario := range map[string]faults.Scenario{
		"none, and its records are read":                         "",
		"takes the first piece of an answer for the whole":       faults.Slow,
		"says of each failure that nothing was sent":             faults.Cut,
		"tells the password":                                     faults.WrongCredentials,
		"takes a full store for one that has stored":             faults.NoRoom,
		"gives records up that there is no room for":             faults.NoRoom,
		"does not say that no answer came":                       faults.Frozen,
		"reads as if a failure were an end":                      faults.Frozen,
		"takes a server that stays away for one that has stored": faults.Killed,
		"never says that nothing was sent":                       faults.Down,
	} {
		found[scenario] = true
		t.Run(fault, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestToy$/^"+string(scenario), "-test.v")
			cmd.Env = append(os.Environ(), faultEnv+"="+fault)
			out, err := cmd.CombinedOutput()
			m := failed.FindSubmatch(out)
			switch {
			case scenario == "" && err != nil:
				t.Errorf("a good driver fails: %v\n%s", err, out)
			case scenario != "" && (err == nil || m == nil || string(m[1]) != string(scenario)):
				t.Errorf("%v\n%s", err, out)
			case scenario != "" && strings.Contains(string(out), "panic:"):
				t.Errorf("the suite does not end by itself:\n%s", out)
			}
		})
	}
	for _, s := range faults.Scenarios() {
		if !found[s] {
			t.Errorf("no fault is found by %s", s)
		}
	}
}
