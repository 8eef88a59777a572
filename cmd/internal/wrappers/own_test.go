package wrappers

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// tracedSQL makes what database/sql's tests need of wrappers.
const tracedSQL = `package sql

import (
	"context"
	"database/sql/driver"
	"math"
	"testing"

	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
)

type nowhere struct{}

func (nowhere) Notify(context.Context, []record.Event) error { return nil }

var everything = profiler.LimitConfig{NewTraces: math.MaxInt, Arrivals: math.MaxInt, TracePoints: math.MaxInt, TraceBytes: math.MaxInt}

var tracing, _ = profiler.New(profiler.Config{Name: "sql", Sink: nowhere{}, Limits: everything})

// TestZRecorded is the last test of the package.
func TestZRecorded(t *testing.T) {
	if n := tracing.Stats().Recorded; n < 200 {
		t.Errorf("only %d records", n)
	}
}

// inTrace is ctx in a trace.
func inTrace(ctx context.Context) context.Context {
	ctx, _ = tracing.Begin(ctx, profiler.Opening{Name: "test"})
	return ctx
}

func openTraced(driver, source string) (*DBTraced, error) {
	db, err := Open(driver, source)
	if err != nil {
		return nil, err
	}
	return NewDBTraced(db), nil
}

func openDBTraced(c driver.Connector) *DBTraced { return NewDBTraced(OpenDB(c)) }

func connTraced(c *Conn, err error) (*ConnTraced, error) {
	if err != nil {
		return nil, err
	}
	return NewConnTraced(c), nil
}
`

var (
	bareDB   = regexp.MustCompile(`(?m)^(func \(db |	putConnHook = func\(db |\t\tdb )\*DB\b`)
	usesConn = regexp.MustCompile(`(:?= )(db\.Conn\((?:[^()]|\(\))*\))`)
)

// rare skips tests that wait by the clock, as others have written them, unless
// SONDE_TEST_ALL=1 (make test-all) asks for them.
func rare(t *testing.T) {
	t.Helper()
	if os.Getenv("SONDE_TEST_ALL") != "1" {
		t.Skip("other people's tests wait by the clock: make test-all")
	}
}

// TestDatabaseSQL: the tests of database/sql, with wrappers in the place of its DB and
// Conn, in traces. They are in the package itself, so the package is copied; a copy
// cannot import what is internal to the standard library.
func TestDatabaseSQL(t *testing.T) {
	rare(t)
	dir := copied(t, filepath.Join(strings.TrimSpace(run(t, ".", "go", "env", "GOROOT")), "src/database/sql"))
	put(t, dir, "z_traced_test.go", tracedSQL)
	edit(t, dir, "*_test.go", func(text string) string {
		return strings.NewReplacer(
			"\"internal/race\"\n", "", "\"internal/asan\"\n", "", "\"internal/testenv\"\n", "",
			"race.Enabled", "false", "asan.Enabled", "false", "testenv.SkipIfOptimizationOff(t)\n", "\n",
		).Replace(text)
	})
	edit(t, dir, "sql_test.go", func(text string) string {
		text = bareDB.ReplaceAllString(text, "$1*KEPT")
		text = regexp.MustCompile(`\*(DB|Conn)\b`).ReplaceAllString(text, "*${1}Traced")
		text = strings.NewReplacer("*KEPT", "*DB", "= Open(", "= openTraced(", "= OpenDB(", "= openDBTraced(").Replace(text)
		text = usesConn.ReplaceAllString(text, "${1}connTraced($2)")
		return regexp.MustCompile(`\b(context\.Background|t\.Context|context\.TODO)\(\)`).ReplaceAllString(text, "inTrace($1())")
	})
	asked(t, dir)
	generate(t, dir, "DB", "Conn")
	if n := ownTests(t, dir); n < 100 {
		t.Errorf("only %d tests", n)
	}
}

// tracedPool makes what puddle's tests need of a wrapper.
const tracedPool = `package puddle

import (
	"context"

	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
)

type nowhere struct{}

func (nowhere) Notify(context.Context, []record.Event) error { return nil }

var tracing, _ = profiler.New(profiler.Config{Name: "pool", Sink: nowhere{}})

// InTrace is a context in a trace.
func InTrace() context.Context {
	ctx, _ := tracing.Begin(context.Background(), profiler.Opening{Name: "test"})
	return ctx
}

func NewTracedPool[T any](c *Config[T]) (*PoolTraced[T], error) {
	p, err := NewPool(c)
	if err != nil {
		return nil, err
	}
	return NewPoolTraced(p), nil
}
`

// TestPool: a generic type, puddle's Pool, passes its own tests.
func TestPool(t *testing.T) {
	rare(t)
	run(t, "../..", "go", "mod", "download", "github.com/jackc/puddle/v2")
	from := strings.TrimSpace(run(t, "../..", "go", "list", "-m", "-f", "{{.Dir}}", "github.com/jackc/puddle/v2"))
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	run(t, dir, "chmod", "-R", "u+w", ".") // as the module cache has it
	run(t, dir, "go", "mod", "edit", "-go=1.26", "-require=github.com/sonde-go/sonde@v0.0.0", "-replace=github.com/sonde-go/sonde="+root(t))
	put(t, dir, "traced.go", tracedPool)
	edit(t, dir, "pool_test.go", func(text string) string {
		return strings.NewReplacer("puddle.NewPool(", "puddle.NewTracedPool(", "*puddle.Pool[", "*puddle.PoolTraced[", "context.Background()", "puddle.InTrace()").Replace(text)
	})
	generate(t, dir, "Pool")
	if n := ownTests(t, dir); n < 40 {
		t.Errorf("only %d tests", n)
	}
}
