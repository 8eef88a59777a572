package servertest

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
)

// pythonPath is Debian's Python, the only one that sees Debian's packages.
const pythonPath = "/usr/bin/python3"

// Interpreter is a Python in which OSProfiler can be imported.
type Interpreter struct {
	t testing.TB
}

// Python finds the system's Python with osprofiler and the other modules that
// are named, for instance "redis".
func Python(t testing.TB, modules ...string) *Interpreter {
	t.Helper()
	if _, err := exec.LookPath(pythonPath); err != nil {
		Missing(t, pythonPath, "apt-get install python3 python3-osprofiler")
	}
	for _, m := range append([]string{"osprofiler"}, modules...) {
		if exec.Command(pythonPath, "-I", "-c", "import "+m).Run() != nil {
			Missing(t, "Python module "+m, "apt-get install python3-"+strings.ReplaceAll(m, "_", "."))
		}
	}
	return &Interpreter{t}
}

// Run runs a script to its end and returns what it printed on its standard
// output. A script that fails ends the test.
func (py *Interpreter) Run(script string, args ...string) string {
	py.t.Helper()
	out, err := py.Try(script, args...)
	if exit, ok := err.(*exec.ExitError); ok {
		py.t.Fatalf("Python: %v\n%s%s", err, out, exit.Stderr)
	}
	if err != nil {
		py.t.Fatal(err)
	}
	return out
}

// Try runs a script as Run does and returns its failure as an *exec.ExitError
// that holds what it printed on its standard error.
func (py *Interpreter) Try(script string, args ...string) (string, error) {
	py.t.Helper()
	cmd := exec.CommandContext(py.t.Context(), pythonPath, append([]string{"-I", "-W", "ignore", "-c", script}, args...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit, ok := err.(*exec.ExitError); ok {
		exit.Stderr = stderr.Bytes()
	}
	return stdout.String(), err
}

// OSProfiler runs the command osprofiler with args, for instance "trace",
// "show", ID, "--json", "--connection-string", URL.
func (py *Interpreter) OSProfiler(args ...string) (string, error) {
	py.t.Helper()
	return py.Try("import sys; from osprofiler.cmd import shell; sys.argv[0] = 'osprofiler'; sys.exit(shell.main())", args...)
}
