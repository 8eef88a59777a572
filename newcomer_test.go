package sonde_test

import (
	"bufio"
	"fmt"
	"go/format"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// newcomerBlock is a piece of README that a newcomer types: lines of a shell, or a
// file.
var newcomerBlock = regexp.MustCompile("(?s)<!-- newcomer(?:: (\\S+))? -->\n```(?:sh|go)\n(.*?)```")

// asReleased has the commands that need a release do the same with the checkout.
const asReleased = `
go() {
	case "$*" in
	"get github.com/sonde-go/sonde@latest")
		cp "$CHECKOUT/go.sum" . && command go mod edit -require=github.com/sonde-go/sonde@v0.0.0 -replace=github.com/sonde-go/sonde="$CHECKOUT" ;;
	"install github.com/sonde-go/sonde/cmd/sonde@latest")
		(cd "$CHECKOUT" && GOWORK= command go install ./cmd/sonde) ;;
	*) command go "$@" ;;
	esac
}
`

// TestNewcomer types what README tells a newcomer, line by line, in an empty folder, up
// to a request whose trace the command shows. What is read for what is written there:
// this checkout for the latest release, a free port for 8080, and for ID the id that
// was printed.
func TestNewcomer(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the command, which has a module of its own")
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	checkout, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := fmt.Sprintf("localhost:%d", listener.Addr().(*net.TCPAddr).Port)
	listener.Close()

	n := newNewcomer(t, checkout)
	n.typed(t, asReleased)
	var traceID, shown string
	for _, block := range newcomerBlock.FindAllStringSubmatch(string(readme), -1) {
		file, text := block[1], strings.ReplaceAll(block[2], "localhost:8080", addr)
		if file != "" {
			if formatted, err := format.Source([]byte(text)); err != nil || string(formatted) != text {
				t.Errorf("%s is not formatted: %v", file, err)
			}
			if err := os.WriteFile(filepath.Join(n.dir, file), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		for line := range strings.Lines(text) {
			if strings.Contains(line, " ID") && traceID == "" {
				t.Fatalf("no id was printed before %q", line)
			}
			out := n.typed(t, strings.Replace(line, " ID", " "+traceID, 1))
			switch {
			case strings.HasSuffix(strings.TrimSpace(line), "&"):
				awaitListener(t, addr)
			case strings.HasPrefix(line, "sonde run"):
				if m := regexp.MustCompile(`(?m)^trace ([0-9a-f-]{36})$`).FindStringSubmatch(out); m != nil {
					traceID = m[1]
				}
			case strings.HasPrefix(line, "sonde trace show"):
				shown = out
			}
		}
	}
	for _, want := range []string{traceID, "http GET /hello", "greet", "frontend"} {
		if want == "" || !strings.Contains(shown, want) {
			t.Errorf("the trace that is shown has no %q:\n%s", want, shown)
		}
	}
	n.typed(t, "wait $!") // fails unless main has returned
}

// awaitListener waits until the program that was started answers.
func awaitListener(t *testing.T, addr string) {
	t.Helper()
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			conn.Close()
			return
		}
		if time.Since(began) > 2*time.Minute {
			t.Fatal(err)
		}
	}
}

// newcomer is a shell in an empty folder that has none of this project's variables.
type newcomer struct {
	dir   string
	shell *exec.Cmd
	keys  io.WriteCloser
	out   *bufio.Reader
}

func newNewcomer(t *testing.T, checkout string) *newcomer {
	t.Helper()
	home := t.TempDir()
	n := &newcomer{dir: filepath.Join(home, "hello"), shell: exec.Command("sh")}
	if err := os.Mkdir(n.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "OS_PROFILER") && !strings.HasPrefix(v, "OSPROFILER") && !strings.HasPrefix(v, "SONDE_") {
			n.shell.Env = append(n.shell.Env, v)
		}
	}
	n.shell.Env = append(n.shell.Env, "CHECKOUT="+checkout, "GOWORK=off", "GOBIN="+home, "PATH="+home+":"+os.Getenv("PATH"))
	n.shell.Dir = n.dir
	out, err := n.shell.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	n.shell.Stderr = n.shell.Stdout
	if n.keys, err = n.shell.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	n.out = bufio.NewReader(out)
	if err := n.shell.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // a test that fails may leave the program
		_, _ = io.WriteString(n.keys, "kill $!\n")
		_ = n.keys.Close()
		_ = n.shell.Wait()
	})
	return n
}

// typed returns what a line prints, which must not fail.
func (n *newcomer) typed(t *testing.T, line string) string {
	t.Helper()
	const end = "THIS-LINE-ENDS-WITH "
	if _, err := fmt.Fprintf(n.keys, "%s\necho '%s'$?\n", strings.TrimRight(line, "\n"), end); err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for {
		out, err := n.out.ReadString('\n')
		if err != nil {
			t.Fatalf("%s: %v\n%s", line, err, all.String())
		}
		before, status, ended := strings.Cut(out, end)
		all.WriteString(before)
		if ended {
			if status != "0\n" {
				t.Fatalf("%s: status %s%s", line, status, all.String())
			}
			return all.String()
		}
	}
}
