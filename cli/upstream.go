package cli

import (
	"strconv"
	"strings"

	"github.com/sonde-go/sonde/drivers/kit"
)

// upstreamWords are the arguments with what osprofiler's users type put in words of
// ours: its --error-trace is followed by True or False.
func upstreamWords(args []string) []string {
	words := make([]string, 0, len(args))
	for i := 0; i < len(args); i++ {
		const flag = "--error-trace"
		value, is := strings.CutPrefix(args[i], flag+"=")
		switch {
		case args[i] == flag && i+1 < len(args):
			value = args[i+1]
		case !is:
			words = append(words, args[i])
			continue
		}
		failed, err := kit.ParseBool(value)
		if err != nil {
			words = append(words, args[i])
			continue
		}
		words = append(words, flag+"="+strconv.FormatBool(failed))
		if !is {
			i++
		}
	}
	return words
}
