package ui

import (
	_ "embed"
	"net/http"

	"github.com/gorilla/mux"
)

//go:embed ui.js
var script []byte

//go:embed ui.css
var style []byte

// shell is every page: its script fills it as the path says.
const shell = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>Sonde</title>
<link rel="stylesheet" href="/ui.css">
</head>
<body>
<noscript>These pages need JavaScript, which this server has.</noscript>
<script src="/ui.js"></script>
</body>
</html>
`

// policy lets pages load the viewer's own files and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// pages are those for people.
func (v *viewer) pages(router *mux.Router) {
	file := func(path, kind string, content []byte) {
		router.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.Header().Set("Content-Security-Policy", policy)
			_, _ = w.Write(content) // whoever asked may have gone
		}).Methods(http.MethodGet)
	}
	for _, path := range []string{"/", "/traces/{trace}", "/diff", "/stats"} {
		file(path, "text/html; charset=utf-8", []byte(shell))
	}
	file("/ui.js", "text/javascript; charset=utf-8", script)
	file("/ui.css", "text/css; charset=utf-8", style)
}
