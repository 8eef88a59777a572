package faults

import (
	"bytes"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/sonde-go/sonde/drivers/drivertest/faults"
	"github.com/sonde-go/sonde/internal/servertest"
	"github.com/sonde-go/sonde/internal/watchdog"
)

// fault is something that happens to a site while requests go on. It ends with the
// site as it was.
type fault struct {
	name string
	do   func(t *testing.T, s *site, l *load)
}

// after is how many requests pass before a fault, during it and after it.
const after = 40

// killed is a fault of one process; which chooses it.
func killed(name string, which func(*site) *servertest.Server) fault {
	return fault{name + " killed", func(t *testing.T, s *site, l *load) {
		p := which(s)
		p.Kill()
		l.more(t, after)
		p.Restart()
	}}
}

func frozen(name string, which func(*site) *servertest.Server) fault {
	return fault{name + " frozen", func(t *testing.T, s *site, l *load) {
		p := which(s)
		p.Freeze()
		l.more(t, after)
		p.Thaw()
	}}
}

func agent(s *site) *servertest.Server     { return s.agent }
func postgres(s *site) *servertest.Server  { return s.postgres }
func node(s *site) *servertest.Server      { return s.nodes[rand.IntN(len(s.nodes))] }
func collector(s *site) *servertest.Server { return s.collectors[rand.IntN(len(s.collectors))] }

// TestSmall: disks, spools and queues that are too small, at one site after the other.
func TestSmall(t *testing.T) {
	t.Parallel() // TestLarge waits, most of the time
	t.Run("disk", disk)
	t.Run("overflow", overflow)
	t.Run("node", nodeDisk)
}

// disk is rounds of a node whose agent has its own disk, which fills up too.
func disk(t *testing.T) {
	dir, fill := faults.Disk(t, 64<<20)
	full := fault{"disk full", func(t *testing.T, _ *site, l *load) {
		free := fill(t)
		l.more(t, after)
		free()
	}}
	s := small(t, dir)
	rounds(t, s, newLoad(t, s, 0),
		killed("agent", agent), frozen("agent", agent),
		killed("store", postgres), frozen("store", postgres), full)
}

// nodeDisk is rounds of a site one of whose NATS nodes has a full disk, and goes on when it
// has been given room and started again.
func nodeDisk(t *testing.T) {
	dir, fill := faults.Disk(t, 64<<20)
	s := large(t, dir)
	rounds(t, s, newLoad(t, s, 0), fault{"node's disk full", func(t *testing.T, s *site, l *load) {
		n := s.nodes[0]
		errors := func() int { return bytes.Count(n.Log(), []byte("no space left on device")) }
		before := errors()
		free := fill(t)
		l.more(t, after)
		watchdog.Until(t, "the node to meet the end of its disk", func() bool { return errors() > before })
		free()
		n.Restart()
	}})
}

// TestLarge: a site with NATS nodes and collectors.
func TestLarge(t *testing.T) {
	t.Parallel()
	s := large(t, t.TempDir())
	all := []fault{
		killed("agent", agent), killed("collector", collector), killed("node", node),
		frozen("node", node), frozen("collector", collector), killed("store", postgres), frozen("store", postgres),
	}
	if os.Getenv("SONDE_TEST_ALL") != "" { // it takes half a minute
		all = append(all, fault{"collector frozen until the other has its records", hangs})
	}
	rounds(t, s, newLoad(t, s, 0), all...)
}

// hangs freezes a collector for so long that the other one gets what it holds.
func hangs(t *testing.T, s *site, l *load) {
	p := collector(s)
	p.Freeze()
	l.more(t, after)
	acknowledged := l.figures().Acknowledged
	watchdog.Until(t, "the records of a collector that is frozen", func() bool {
		_, n, err := s.stored(t)
		return err == nil && n >= acknowledged
	})
	p.Thaw()
}

// rounds has faults happen to a site, one a round, each once at least and as often as any
// other.
func rounds(t *testing.T, s *site, l *load, faults ...fault) {
	n, err := strconv.Atoi(os.Getenv("SONDE_ROUNDS"))
	if err != nil && os.Getenv("SONDE_TEST_ALL") != "" {
		n = 50
	}
	order := rand.Perm(len(faults))
	for i := 0; i < max(n, len(faults)) && !t.Failed(); i++ {
		f := faults[order[i%len(faults)]]
		t.Logf("round %d: %s", i+1, f.name)
		l.resume()
		l.more(t, after)
		f.do(t, s, l)
		l.more(t, after)
		l.pause(t)
		l.check(t, s)
	}
}
