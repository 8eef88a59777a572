// The fidelity program checks wrappers of database/sql drivers and of HTTP
// handlers, Sonde's and its peers', with sqlcheck and wrapcheck, and prints
// what each of them breaks as a Markdown page.
//
// Each wrapper is checked in a process of its own, so that one that takes its
// process down or hangs fails the check at hand and no more.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

// limit is for one check, done twice if need be. The suites give up earlier by
// themselves, where they can.
var limit = 60 * time.Second

// suite is a set of checks and those who take them.
type suite struct {
	title, doc string
	checks     []string
	subjects   []subject
}

// subject is a wrapper under test.
type subject struct {
	name   string
	module string // whose version is named; "" for this tree
	how    string // how it is wired, if that needs telling
	run    func(check int) verdict
}

// verdict is what came of a check. The zero verdict is that it passed.
type verdict struct {
	Err    string
	Caveat string // neither failed nor passed: what a program has to do
}

// failed is the verdict of a check that ended with err.
func failed(err error) verdict {
	if err == nil {
		return verdict{}
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return verdict{Err: line}
}

// outcome is what a check's process says of it.
type outcome struct {
	Check int
	verdict
}

func main() {
	child := flag.String("child", "", "used by the program itself: the `wrapper` to check")
	from := flag.Int("from", 0, "used by the program itself: the first check")
	flag.Parse()
	suites := []suite{sqlSuite(), handlerSuite(), transportSuite()}
	if *child != "" {
		for i, st := range suites {
			for j, s := range st.subjects {
				if *child == fmt.Sprintf("%d/%d", i, j) {
					s.checkFrom(*from, len(st.checks))
				}
			}
		}
		return
	}
	self, err := os.Executable()
	if err != nil {
		fmt.Fprintln(os.Stderr, "fidelity:", err)
		os.Exit(1)
	}
	results := make([][][]verdict, len(suites))
	for i, st := range suites {
		for j, s := range st.subjects {
			fmt.Fprintf(os.Stderr, "%s …\n", s.name)
			results[i] = append(results[i], runAll(self, fmt.Sprintf("%d/%d", i, j), len(st.checks)))
		}
	}
	writePage(os.Stdout, suites, results)
}

// checkFrom does the checks from the given one on. A check counts as failed if
// it fails twice in a row: on a busy machine some fail for lack of time.
func (s subject) checkFrom(from, n int) {
	out := json.NewEncoder(os.Stdout)
	for i := from; i < n; i++ {
		o := outcome{i, s.run(i)}
		if o.Err != "" {
			o.verdict = s.run(i)
		}
		if out.Encode(o) != nil {
			os.Exit(1)
		}
	}
}

// runAll has all checks done in processes and returns what came of each.
func runAll(self, child string, n int) []verdict {
	var all []verdict
	for len(all) < n {
		got, why := runSome(self, child, len(all))
		all = append(all, got...)
		if len(all) < n {
			all = append(all, verdict{Err: why})
		}
	}
	return all
}

// runSome has the checks from the given one on done in one process. why tells
// what became of the process if it ended before its time.
func runSome(self, child string, from int) (got []verdict, why string) {
	cmd := exec.Command(self, "-child", child, "-from", fmt.Sprint(from))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err.Error()
	}
	if err := cmd.Start(); err != nil {
		return nil, err.Error()
	}
	hung := false
	watchdog := time.AfterFunc(limit, func() {
		hung = true
		_ = cmd.Process.Kill()
	})
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var o outcome
		if json.Unmarshal(lines.Bytes(), &o) != nil || o.Check != from+len(got) {
			continue // a wrapper may print as well
		}
		got = append(got, o.verdict)
		watchdog.Reset(2 * limit)
	}
	watchdog.Stop()
	err = cmd.Wait()
	switch {
	case hung:
		why = fmt.Sprintf("not done after %v", limit)
	case err != nil:
		why = "the process died: " + panicLine(stderr.String())
	default:
		why = "the process ended"
	}
	return got, why
}

var panicked = regexp.MustCompile(`(?m)^(panic|fatal error): .*`)

func panicLine(stderr string) string {
	if line := panicked.FindString(stderr); line != "" {
		return line
	}
	return "no reason given"
}
