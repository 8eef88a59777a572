package cli

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"golang.org/x/term"
)

// screen is the size of the terminal that w is, false if it is none.
func screen(w io.Writer) (columns, lines int, ok bool) {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return 0, 0, false
	}
	columns, lines, err := term.GetSize(int(file.Fd()))
	return columns, lines, err == nil && columns > 0 && lines > 0
}

// width is how many columns w has, as COLUMNS or a terminal says; 0 if neither does.
func width(w io.Writer) int {
	if columns, _, ok := screen(w); ok {
		return columns
	}
	columns, _ := strconv.Atoi(os.Getenv("COLUMNS"))
	return columns
}

// page writes text to standard output, through a pager if that is a terminal
// with fewer lines. A pager that cannot be started is done without.
func page(s streams, text []byte) error {
	pager, found := os.LookupEnv("SONDE_PAGER")
	if !found {
		pager = cmp.Or(os.Getenv("PAGER"), "less -FRX")
	}
	_, lines, terminal := screen(s.out)
	if terminal && pager != "" && bytes.Count(text, []byte{'\n'}) >= lines {
		cmd := exec.Command("sh", "-c", pager)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(text), s.out, s.err
		cmd.Env = os.Environ()
		if os.Getenv("LESS") == "" {
			cmd.Env = append(cmd.Env, "LESS=FRX") // for a pager that is just "less": colours
		}
		err := cmd.Run()
		var status *exec.ExitError
		switch {
		case err == nil, errors.Is(err, syscall.EPIPE): // who has seen enough reads no more
			return nil
		case errors.As(err, &status) && status.ExitCode() != notFound:
			return nil // the pager has said why
		}
	}
	_, err := s.out.Write(text)
	return err
}

// notFound is how a shell ends that does not find the command.
const notFound = 127
