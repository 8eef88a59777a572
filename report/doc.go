// Package report turns the records of one trace into a report: the tree of its
// trace points, statistics by name, and what is missing.
//
// The figures and the JSON form are those of OSProfiler's command "osprofiler
// trace show", byte for byte where that one prints a report at all. Where it
// gives up (a timestamp that it does not expect, a record without a host) the
// report is made from what there is, and its Warnings say so.
//
// Everything in a report may have been written by somebody hostile. [Report]
// holds it as stored; the forms that are printed make it harmless.
package report
