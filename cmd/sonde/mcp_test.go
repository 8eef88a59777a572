package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// TestMCP: an assistant starts the command and talks to it over its standard input and
// output, until it closes them.
func TestMCP(t *testing.T) {
	records, err := filepath.Abs(filepath.Join("..", "..", "report", "outputtest", "testdata", "shop.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "mcp", "--connection-string", "file://"+records)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	session, err := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil).Connect(t.Context(), &mcp.CommandTransport{Command: cmd}, nil)
	if err != nil {
		t.Fatalf("%v, %s", err, stderr.String())
	}
	got, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: "trace_findings", Arguments: map[string]any{"trace": "last"}})
	if err != nil || got.IsError || !strings.Contains(got.Content[0].(*mcp.TextContent).Text, `"title":"POST /orders"`) {
		t.Errorf("%v, %+v", err, got)
	}
	if err := session.Close(); err != nil || stderr.Len() > 0 {
		t.Errorf("%v, stderr %q", err, stderr.String())
	}
	if code := cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
