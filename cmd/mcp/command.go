package mcp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/sonde-go/sonde/cli"
)

// Command is the command "mcp".
func Command() cli.Option {
	return cli.WithCommand("mcp", "Give an assistant the traces, by the Model Context Protocol.", new(command))
}

type command struct {
	cli.StoreFlags
}

func (*command) Help() string {
	return `A server of the Model Context Protocol on standard input and output, which an assistant starts. Its
tools list traces, say what was found in one, show one point, compare two traces and explain what
makes some slower than others. They only read. Answers are cut at 24 kB, with a line that says how
to ask for the rest, and texts of traces are marked as data. See docs/mcp.md.

Examples:

  claude mcp add sonde -- sonde mcp --connection-string redis://localhost:6379/0
  codex mcp add sonde -- sonde mcp --connection-string sqlite:////srv/shop/sonde.db`
}

// Run is called by the command line.
func (c *command) Run(ctx context.Context) error {
	store, err := c.Open(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	in, out := os.Stdin, os.Stdout
	os.Stdout = os.Stderr // whatever else prints must not get between the messages
	err = NewServer(store).Run(ctx, &mcp.IOTransport{Reader: in, Writer: out})
	if errors.Is(err, io.EOF) || errors.Is(err, mcp.ErrConnectionClosed) {
		return nil // the assistant has gone
	}
	if err != nil {
		return fmt.Errorf("the assistant: %w", err)
	}
	return nil
}
