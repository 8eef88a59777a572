// Package traces chooses, lists and reads the traces of a store. The command, the
// viewer and the tools for assistants answer from it, so that a question has one
// answer wherever it is asked.
package traces
