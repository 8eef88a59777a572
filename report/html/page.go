package html

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"io"
)

// standalone writes a page with its data in it.
func standalone(w io.Writer, title string, data func(io.Writer) error) error {
	if err := head(w, title, "'none'"); err != nil {
		return err
	}
	e := embedded{w: w}
	if err := data(&e); err != nil {
		return err
	}
	if err := e.close(); err != nil {
		return err
	}
	return foot(w)
}

// WriteServed writes a page without data, whose script gets its document from url,
// which is one of the server that serves the page. home is where the page's name
// leads, "" if nowhere. Both must be of the page's own server.
func WriteServed(w io.Writer, title, url, home string) error {
	if err := head(w, title, "'self'"); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, `<script type="application/json" id="data" data-from="%s" data-home="%s"></script>`+"\n",
		html.EscapeString(url), html.EscapeString(home)); err != nil {
		return err
	}
	return foot(w)
}

// Policy is the Content-Security-Policy of the page: its own script and style and
// nothing else, but for what the script may fetch: 'none', or 'self'.
func Policy(connect string) string {
	return fmt.Sprintf("default-src 'none'; script-src '%s'; style-src '%s'; img-src data:; connect-src %s; base-uri 'none'; form-action 'none'",
		hash(script), hash(style), connect)
}

func hash(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

func head(w io.Writer, title, connect string) error {
	_, err := fmt.Fprintf(w, `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="%s">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>%s</title>
<style>%s</style>
</head>
<body>
<noscript>This page needs JavaScript, which is in this file.</noscript>
`, Policy(connect), html.EscapeString(title), style)
	return err
}

func foot(w io.Writer) error {
	_, err := fmt.Fprintf(w, "<script>%s</script>\n</body>\n</html>\n", script)
	return err
}
