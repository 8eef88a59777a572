// Package testdata has traces that were recorded from OSProfiler, and what
// OSProfiler says of them, for the tests of this module.
package testdata

import "embed"

// Files are the recorded traces and reports.
//
//go:embed keys.json report_builder.json
var Files embed.FS
