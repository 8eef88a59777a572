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
	if err := head(w, title); err != nil {
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

// policy is the Content-Security-Policy of the page: its own script and style and
// nothing else.
func policy() string {
	return fmt.Sprintf("default-src 'none'; script-src '%s'; style-src '%s'; img-src data:; connect-src 'none'; base-uri 'none'; form-action 'none'",
		hash(script), hash(style))
}

func hash(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

func head(w io.Writer, title string) error {
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
`, policy(), html.EscapeString(title), style)
	return err
}

func foot(w io.Writer) error {
	_, err := fmt.Fprintf(w, "<script>%s</script>\n</body>\n</html>\n", script)
	return err
}
