// Bundle builds the pages' scripts and style sheets from their TypeScript and CSS.
// What it writes is committed, so that nobody needs it but who changes them.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/evanw/esbuild/pkg/api"
)

//go:generate go run .

// bundles are the sources, from the root of the repository, with what is made of them.
var bundles = []struct{ source, target string }{
	{"report/html/src/main.ts", "report/html/page.js"},
	{"report/html/src/page.css", "report/html/page.css"},
	{"ui/src/main.ts", "ui/ui.js"},
	{"ui/src/ui.css", "ui/ui.css"},
}

func main() {
	root := filepath.Join("..", "..", "..") // go generate runs in this folder
	for _, b := range bundles {
		text, err := build(filepath.Join(root, b.source))
		if err == nil {
			err = os.WriteFile(filepath.Join(root, b.target), text, 0o666)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "bundle:", err)
			os.Exit(1)
		}
	}
}

// build bundles a source with all that it imports. The same sources give the same
// bytes wherever they are.
func build(source string) ([]byte, error) {
	result := api.Build(api.BuildOptions{
		EntryPoints:       []string{source},
		Bundle:            true,
		Format:            api.FormatIIFE,
		Target:            api.ES2022,
		Charset:           api.CharsetASCII, // whatever the server says the encoding is
		LegalComments:     api.LegalCommentsNone,
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
	})
	if len(result.Errors) > 0 {
		return nil, fmt.Errorf("%s", api.FormatMessages(result.Errors, api.FormatMessagesOptions{})[0])
	}
	return result.OutputFiles[0].Contents, nil
}
