// Package report turns the records of one trace into a report: the tree of its
// trace points, statistics by name, and what is missing.
//
// A report is written in one of several forms, see [Output]. [Text] is for people
// and [JSON] for programs; a form of another module is linked into a command by
// cli.WithOutput, and tested by package outputtest.
//
// The figures, and the form [OSProfiler], are those of OSProfiler's command "osprofiler
// trace show", byte for byte where that one prints a report at all. Where it
// gives up (a timestamp that it does not expect, a record without a host) the
// report is made from what there is, and its Warnings say so.
//
// Everything in a report may have been written by somebody hostile. [Report]
// holds it as stored; the forms that are printed make it harmless.
package report
