package file

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/profiler"
)

// asService is the environment variable with the URL of the store that this program
// writes to, as a service that is to be killed.
const asService = "SONDE_TEST_WRITE_TO"

// serve is the service, which records without an end and prints how many records
// were acknowledged.
func serve(url string) error {
	d, err := drivers.Open(context.Background(), url, drivers.Options{})
	if err != nil {
		return err
	}
	svc, err := profiler.New(profiler.Config{Name: "checkout", Sink: d, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	for {
		ctx, root := svc.Begin(context.Background(), profiler.Opening{Name: "http"})
		for range 9 {
			_, p := profiler.Start(ctx, "db")
			p.Stop()
		}
		root.Stop()
		if _, err := fmt.Println(svc.Stats().Acknowledged); err != nil {
			return err
		}
		time.Sleep(time.Millisecond)
	}
}

// TestKilledService: a service that is killed loses what is in its memory, and
// nothing that was acknowledged.
func TestKilledService(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	url := "file://" + filepath.Join(t.TempDir(), "traces.jsonl")
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = append(os.Environ(), asService+"="+url)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	const enough = 2000
	acknowledged := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if acknowledged, err = strconv.Atoi(lines.Text()); err != nil {
			t.Fatalf("the service says %q", lines.Text())
		}
		if acknowledged > enough {
			_ = cmd.Process.Kill() // more than once, as it goes on printing
		}
	}
	if err := cmd.Wait(); acknowledged <= enough {
		t.Fatalf("the service ended by itself, after %d records: %v", acknowledged, err)
	}
	stored := 0
	d := openURL(t, url)
	defer d.Close()
	for tr, err := range d.Traces(t.Context(), drivers.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range d.Records(t.Context(), tr.ID) {
			if err != nil {
				t.Fatal(err)
			}
			stored++
		}
	}
	if stored < acknowledged {
		t.Errorf("%d records are stored, and %d were acknowledged", stored, acknowledged)
	}
}
