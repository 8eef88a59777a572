package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/dot"
)

// renderDot draws the graph of a report with Graphviz, into the file if its name says
// in which format, and else, as OSProfiler does, into a PDF beside it.
func renderDot(ctx context.Context, r *report.Report, file string) error {
	format := strings.TrimPrefix(filepath.Ext(file), ".")
	switch format {
	case "pdf", "png", "svg":
	default:
		format = "pdf"
		file += ".pdf"
	}
	program, err := exec.LookPath("dot")
	if err != nil {
		return errors.New("--render-dot needs Graphviz, whose program dot is not here: apt install graphviz, brew install graphviz or winget install graphviz")
	}
	cmd := exec.CommandContext(ctx, program, "-T"+format, "-o", file)
	var said bytes.Buffer
	cmd.Stderr = &said
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("Graphviz's dot: %w", err)
	}
	wrote := errors.Join(dot.Write(in, r, report.Options{}), in.Close())
	if err := cmd.Wait(); err != nil {
		why, _, _ := strings.Cut(strings.TrimSpace(said.String()), "\n")
		return fmt.Errorf("Graphviz's dot: %s", cmp.Or(why, err.Error()))
	}
	return wrote
}
