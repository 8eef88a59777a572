package faults

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

// sonde and natsServer are the programs under test.
var sonde, natsServer string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "sonde-faults-")
	if err != nil {
		panic(err)
	}
	sonde, natsServer = filepath.Join(dir, "sonde"), filepath.Join(dir, "nats-server")
	for file, pkg := range map[string]string{
		sonde:      "github.com/sonde-go/sonde/cmd/sonde",
		natsServer: "github.com/nats-io/nats-server/v2",
	} {
		if out, err := exec.Command("go", "build", "-o", file, pkg).CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "building %s: %v\n%s", pkg, err, out)
			os.Exit(1)
		}
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}
