// Command sonde lists and shows traces, makes and checks the signed headers
// that start one, and says in its --help how to use each. It is [cli.Main] with
// all drivers of this module, "sonde gen", the tools for assistants, sampling, the agent
// and its kin; a program that
// has its own is as short.
package main

import (
	"github.com/sonde-go/sonde/cli"
	"github.com/sonde-go/sonde/cmd/internal/gen"
	"github.com/sonde-go/sonde/cmd/mcp"
	"github.com/sonde-go/sonde/cmd/relay"
	"github.com/sonde-go/sonde/cmd/sampling"
)

func main() {
	cli.Main(append(relay.Commands(),
		cli.WithCommand("gen", "Write types that trace another one: its methods become points.", &gen.Command{}),
		mcp.Command(),
		sampling.Command(),
	)...)
}
