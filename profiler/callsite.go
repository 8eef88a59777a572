package profiler

import (
	"path"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"

	"github.com/sonde-go/sonde/internal/jsontext"
)

// callSites has what is known of each program counter that was on the stack of a
// call: the member of info.sonde that names it, with a comma behind, or "" if it
// is no code of the program's own. A program has few places that make calls.
var callSites struct {
	mu   sync.RWMutex
	text map[uintptr]string // guarded by mu
}

// callSite is the member for the innermost code of the program's own that is on the
// stack, "" if there is none. Own is what is in the main module; where that cannot
// be told, what is in no standard package. This module's layers are never it.
func callSite() string {
	var pcs [48]uintptr
	n := runtime.Callers(4, pcs[:]) // callSite, open, start or join, Open
	callSites.mu.RLock()
	defer callSites.mu.RUnlock()
	for _, pc := range pcs[:n] {
		text, known := callSites.text[pc]
		if !known {
			callSites.mu.RUnlock()
			text = learn(pc)
			callSites.mu.RLock()
		}
		if text != "" {
			return text
		}
	}
	return ""
}

func learn(pc uintptr) (text string) {
	frame, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	if isOwn(frame.Function, mainModule()) {
		site := path.Base(frame.File) + ":" + strconv.Itoa(frame.Line) + " " + frame.Function[strings.LastIndexByte(frame.Function, '/')+1:]
		text = string(append(jsontext.AppendString([]byte(`"at":`), cut(site)), ','))
	}
	callSites.mu.Lock()
	defer callSites.mu.Unlock()
	if callSites.text == nil {
		callSites.text = map[uintptr]string{}
	}
	callSites.text[pc] = text
	return text
}

// mainModule is the path of the program's module, "" if it was built without.
var mainModule = sync.OnceValue(func() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Path
	}
	return ""
})

const thisModule = "github.com/sonde-go/sonde"

// isOwn says whether a function, as the runtime names it, is the program's own code.
func isOwn(function, module string) bool {
	pkg := function[:strings.LastIndexByte(function, '/')+1]
	name, _, _ := strings.Cut(function[len(pkg):], ".")
	pkg += name
	within := func(root string) bool { return pkg == root || strings.HasPrefix(pkg, root+"/") }
	switch {
	case pkg == "main" || strings.HasSuffix(pkg, "_test"):
		return true
	case within(thisModule):
		return within(thisModule+"/examples") || within(thisModule+"/cmd")
	case module != "":
		return within(module)
	}
	host, _, _ := strings.Cut(pkg, "/")
	return strings.Contains(host, ".")
}
