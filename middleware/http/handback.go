package sondehttp

import (
	"net/http"
	"strings"
)

// handBack leaves in the outer request what the handler left in its copy for
// layers outside of it: net/http removes the temporary files of a multipart
// form, loggers read the pattern and the path's values. Only what changed is
// written, since outer layers may read the request meanwhile.
func handBack(outer, inner *http.Request) {
	if inner.MultipartForm != nil && outer.MultipartForm == nil {
		outer.MultipartForm = inner.MultipartForm
	}
	if inner.Form != nil && outer.Form == nil {
		outer.Form = inner.Form
	}
	if inner.PostForm != nil && outer.PostForm == nil {
		outer.PostForm = inner.PostForm
	}
	if inner.Pattern != outer.Pattern {
		outer.Pattern = inner.Pattern
		handBackPathValues(outer, inner)
	}
}

// handBackPathValues copies the values of the wildcards that the inner
// request's pattern names.
func handBackPathValues(outer, inner *http.Request) {
	for rest := inner.Pattern; ; {
		_, after, ok := strings.Cut(rest, "{")
		if !ok {
			return
		}
		name, after, _ := strings.Cut(after, "}")
		rest = after
		if name = strings.TrimSuffix(name, "..."); name != "$" {
			outer.SetPathValue(name, inner.PathValue(name))
		}
	}
}
