package cli

import (
	"strings"

	"github.com/alecthomas/kong"
)

// twoDashes are the arguments with two dashes before each long flag that was given
// with one, as in "sonde gen -type Repo": go:generate's users type them so, as those
// of the go command do.
func twoDashes(model *kong.Application, args []string) []string {
	long := map[string]bool{}
	_ = kong.Visit(model, func(node kong.Visitable, next kong.Next) error {
		if f, ok := node.(*kong.Flag); ok {
			long[f.Name] = true
			if f.Tag.Negatable != "" {
				long["no-"+f.Name] = true
			}
		}
		return next(nil)
	})
	words := make([]string, len(args))
	for i, arg := range args {
		name, _, _ := strings.Cut(strings.TrimPrefix(arg, "-"), "=")
		if strings.HasPrefix(arg, "-") && long[name] && len(name) > 1 {
			arg = "-" + arg
		}
		words[i] = arg
	}
	return words
}
