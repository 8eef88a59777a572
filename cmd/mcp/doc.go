// Package mcp gives an assistant the traces of a store: a server of the Model Context
// Protocol on standard input and output, as a command that a program adds to its own:
//
//	cli.Main(mcp.Command())
//
// Its tools answer what the command answers in JSON, and only read. docs/mcp.md tells
// how an assistant is told of it.
//
// What services have recorded is written by whoever sent them requests. So each answer
// says that it is data, and stands between two marks that nobody who has written in a
// trace can know.
package mcp
