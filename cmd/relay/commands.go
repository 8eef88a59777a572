// Package relay has the commands that collect records apart from the services that make
// them: the agent of a machine, and the collectors of a site. A program adds them to its
// own:
//
//	cli.Main(relay.Commands()...)
package relay

import "github.com/sonde-go/sonde/cli"

// Commands are "agent", "collector" and "relay".
func Commands() []cli.Option {
	return []cli.Option{
		cli.WithCommand("agent", "Take the records of this machine's programs, keep them on its disk, and take them to a store.", new(agentCommand)),
		cli.WithCommand("collector", "Take the records of a site's NATS cluster to the stores.", new(collectorCommand)),
		cli.WithCommand("relay", "Look after records on their way from agents and collectors to the stores.", new(relayCommand)),
	}
}
