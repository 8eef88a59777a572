// Package cli is the command sonde, for programs that are one with drivers and
// output forms of their own:
//
//	package main
//
//	import (
//		"example.com/csv"
//		_ "example.com/folder" // a driver
//
//		"github.com/sonde-go/sonde/cli"
//	)
//
//	func main() { cli.Main(cli.WithOutput(csv.Output)) }
//
// The command reaches the stores whose drivers the program imports. A layer
// needs nothing here, since its records describe it.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/sonde-go/sonde"
	"github.com/sonde-go/sonde/internal/terminal"
)

// Main is the command: it reads the program's arguments, environment and
// standard streams, and exits with 0, with 1 and a line on standard error when
// something failed, with 2 when it was called wrongly, and "run --fail" with 22
// when the server answered with a status of 400 or above. SIGINT and SIGTERM
// interrupt it, the second of them at once. It does not return.
func Main(opts ...Option) {
	if os.Getenv("GOGC") == "" {
		// Nearly all memory is that of one report, which has few pointers: to collect
		// more often costs little time, and a trace of a million points less memory.
		debug.SetGCPercent(collectAt)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends it at once
	os.Exit(run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}, opts...))
}

// collectAt is by how many percent the memory grows until garbage is collected.
const collectAt = 20

// streams are what a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// The exit codes.
const (
	exitFine   = 0
	exitFailed = 1
	exitUsage  = 2
	exitHTTP   = 22 // as curl's
)

// exit is what kong's Exit panics with, since kong goes on otherwise.
type exit int

// run is the whole command.
func run(ctx context.Context, args []string, s streams, opts ...Option) (code int) {
	parts := newParts(opts)
	forms := parts.outputs
	defer func() {
		switch e := recover().(type) {
		case nil:
		case exit:
			code = int(e)
		default:
			panic(e)
		}
	}()
	var words grammar
	parser, err := kong.New(&words, append(parts.commands,
		kong.Name("sonde"),
		kong.Description(description),
		kong.Writers(s.out, s.err),
		kong.Exit(func(code int) { panic(exit(code)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Vars{
			"version": version(),
			"store":   sonde.DefaultConnectionString, "schemes": schemeNames(),
			"formats": forms.names(), "formatdocs": forms.docs(), "kinds": kindNames(),
			"group": groupHelp, "groupformats": groupFormNames(),
		},
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(s, forms),
	)...)
	if err != nil {
		panic(err) // the grammar is wrong, or a command that the program adds
	}
	checkCommands(parser.Model)
	command, err := parser.Parse(twoDashes(parser.Model, upstreamWords(args)))
	if err != nil {
		fmt.Fprintf(s.err, "sonde: %s; see sonde --help\n", terminal.Clean(err.Error()))
		return exitUsage
	}
	err = command.Run()
	var other exitCode
	switch {
	case err == nil:
		return exitFine
	case ctx.Err() != nil:
		fmt.Fprintln(s.err, "sonde: interrupted")
	case errors.As(err, &other):
		return int(other)
	default:
		say(s, err)
	}
	return exitFailed
}

// say writes an error as one line on standard error, and one that joins several as
// a line for each.
func say(s streams, err error) {
	// fmt.Errorf makes such errors too, whose text is more than that of their parts.
	if joined, ok := err.(interface{ Unwrap() []error }); ok && errors.Join(joined.Unwrap()...).Error() == err.Error() {
		for _, err := range joined.Unwrap() {
			say(s, err)
		}
		return
	}
	if err != nil && !errors.Is(err, errSaid) {
		text := strings.TrimPrefix(err.Error(), "sonde: ") // of the root package
		fmt.Fprintf(s.err, "sonde: %s\n", terminal.Clean(text))
	}
}

// errSaid ends a command that has said already what is wrong.
var errSaid = errors.New("said")

// exitCode ends a command that has said what is wrong with an exit code of its
// own.
type exitCode int

func (exitCode) Error() string { return "said" }
