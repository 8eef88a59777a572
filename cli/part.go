package cli

import (
	"fmt"

	"github.com/alecthomas/kong"
)

// Option changes the command that Main is.
type Option func(*parts)

// parts are what the command consists of beside its grammar.
type parts struct {
	outputs  outputs
	commands []kong.Option
}

func newParts(opts []Option) parts {
	p := parts{outputs: builtIn()}
	for _, opt := range opts {
		opt(&p)
	}
	p.outputs.check()
	return p
}

// WithCommand adds a command: "sonde NAME". The command is a pointer to a struct
// whose fields are its flags, arguments and commands, described by the tags of
// github.com/alecthomas/kong, and which has a method Run that returns an error;
// the method may take a [context.Context], which ends when the command is
// interrupted. A method Help returns what "sonde NAME --help" says at length. An
// error that joins several, see [errors.Join], is printed as one line for each.
// Main panics if there is a command of this name.
func WithCommand(name, help string, command any) Option {
	return func(p *parts) { p.commands = append(p.commands, kong.DynamicCommand(name, help, "", command)) }
}

// checkCommands panics if two commands have one name, of which kong would forget the
// first.
func checkCommands(model *kong.Application) {
	for i, command := range model.Children {
		for _, other := range model.Children[:i] {
			if other.Name == command.Name {
				panic(fmt.Sprintf("cli: there are two commands %q", command.Name))
			}
		}
	}
}
