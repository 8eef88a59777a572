package main

import (
	"bytes"
	"os"
	"os/exec"
	"testing"

	"go.uber.org/goleak"
)

// asCommand is set for a process of the test's binary that is to be the
// command.
const asCommand = "SONDE_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	goleak.VerifyTestMain(m)
}

// TestOneLineForADeadStore: the command knows these stores, and their libraries
// print nothing of their own.
func TestOneLineForADeadStore(t *testing.T) {
	for _, url := range []string{"redis://127.0.0.1:1", "redissentinel://127.0.0.1:1", "redis+cluster://127.0.0.1:1", "postgresql://127.0.0.1:1/x", "mysql://root@127.0.0.1:1/x", "nats://127.0.0.1:1"} {
		var stderr bytes.Buffer
		list := exec.CommandContext(t.Context(), os.Args[0], "trace", "list", "--connection-string", url)
		list.Env = append(os.Environ(), asCommand+"=1")
		list.Stderr = &stderr
		err := list.Run()
		if list.ProcessState.ExitCode() != 1 || bytes.Count(stderr.Bytes(), []byte("\n")) != 1 || !bytes.Contains(stderr.Bytes(), []byte("127.0.0.1:1")) {
			t.Errorf("%s: %v, printed %q", url, err, stderr.Bytes())
		}
	}
}
