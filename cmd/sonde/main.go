// Command sonde lists and shows traces, makes and checks the signed headers
// that start one, and says in its --help how to use each. It is [cli.Main] with
// all drivers of this module, "sonde gen" and the tools for assistants; a program that
// has its own is as short.
package main

import (
	"github.com/sonde-go/sonde/cli"
	"github.com/sonde-go/sonde/cmd/internal/gen"
	"github.com/sonde-go/sonde/cmd/mcp"
)

func main() {
	cli.Main(
		cli.WithCommand("gen", "Write types that trace another one: its methods become points.", &gen.Command{}),
		mcp.Command(),
	)
}
