// Package ui is the viewer: pages for a browser over the traces of a store, and the
// HTTP API that they use. "sonde ui" serves it; docs/ui.md tells how.
//
// It only reads. The answers in JSON are those of the command with --format json,
// and /api/v1/openapi.json describes them.
package ui
