// Package report turns the records of one trace into a report: the tree of its
// trace points, statistics by name, and what is missing.
//
// A report can be written in several forms, see [Output]: report/text is for people
// and report/document for programs. A form of another module is linked into a
// command with cli.WithOutput, and tested with package outputtest. Package
// report/findings says in words what is wrong with a trace.
//
// The figures, and the form [OSProfiler], are those of the command "osprofiler
// trace show", byte for byte, wherever that command prints a report at all. Where
// it gives up (a timestamp that it does not expect, a record without a host), the
// report is made from what is there, and its Warnings say so.
//
// Everything in a report may be hostile input. [Report] holds it as stored; the
// forms that are printed make it harmless.
package report
