package servertest

import (
	"bufio"
	"bytes"
	"os"
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

// Serve runs a script until the test ends and returns the URL of the service that
// it is: its first line of output is the port on 127.0.0.1 that it listens on.
func (py *Interpreter) Serve(script string, args ...string) (url string, process *os.Process) {
	py.t.Helper()
	cmd := exec.CommandContext(py.t.Context(), pythonPath, append([]string{"-I", "-W", "ignore", "-c", script}, args...)...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		py.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		py.t.Fatal(err)
	}
	py.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	port, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		py.t.Fatalf("the Python service does not start: %v\n%s", err, stderr.String())
	}
	return "http://127.0.0.1:" + strings.TrimSpace(port), cmd.Process
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
