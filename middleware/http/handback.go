package sondehttp

import (
	"context"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"unsafe"
)

// handBack copies to the outer request what the handler changed in its own, for
// the layers outside: net/http removes the temporary files of a multipart form,
// loggers read the pattern and the path values, proxies look at the URL. was is
// the request before the handler ran, ctx the context of the copy. Only what the
// handler changed is written, since outer layers may be reading the rest.
func handBack(outer, inner, was *http.Request, ctx context.Context) {
	if inner.Context() != ctx {
		*outer = *inner // the handler has written a whole request into its own
		return
	}
	if !sameFields(inner, was) {
		handBackFields(outer, inner, was)
	}
	handBackPathValues(outer, inner, was.Pattern)
	handBackPathValues(outer, inner, inner.Pattern)
	handBackOtherValues(outer, inner)
	changed(&outer.Pattern, inner.Pattern, was.Pattern)
}

func handBackFields(outer, inner, was *http.Request) {
	changed(&outer.Method, inner.Method, was.Method)
	changed(&outer.URL, inner.URL, was.URL)
	changed(&outer.Proto, inner.Proto, was.Proto)
	changed(&outer.ProtoMajor, inner.ProtoMajor, was.ProtoMajor)
	changed(&outer.ProtoMinor, inner.ProtoMinor, was.ProtoMinor)
	changedMap(&outer.Header, inner.Header, was.Header)
	if !sameBody(inner.Body, was.Body) {
		outer.Body = inner.Body
	}
	if reflect.ValueOf(inner.GetBody).Pointer() != reflect.ValueOf(was.GetBody).Pointer() {
		outer.GetBody = inner.GetBody
	}
	changed(&outer.ContentLength, inner.ContentLength, was.ContentLength)
	if !slices.Equal(inner.TransferEncoding, was.TransferEncoding) {
		outer.TransferEncoding = inner.TransferEncoding
	}
	changed(&outer.Close, inner.Close, was.Close)
	changed(&outer.Host, inner.Host, was.Host)
	changedMap(&outer.Form, inner.Form, was.Form)
	changedMap(&outer.PostForm, inner.PostForm, was.PostForm)
	changed(&outer.MultipartForm, inner.MultipartForm, was.MultipartForm)
	changedMap(&outer.Trailer, inner.Trailer, was.Trailer)
	changed(&outer.RemoteAddr, inner.RemoteAddr, was.RemoteAddr)
	changed(&outer.RequestURI, inner.RequestURI, was.RequestURI)
	changed(&outer.TLS, inner.TLS, was.TLS)
	changed(&outer.Cancel, inner.Cancel, was.Cancel) //lint:ignore SA1019 A handler can set it all the same.
	changed(&outer.Response, inner.Response, was.Response)
}

// sameFields reports whether no field before Pattern, the last exported one, can have
// changed: then all of them have the same bytes. Most handlers change none.
func sameFields(inner, was *http.Request) bool {
	const size = unsafe.Offsetof(inner.Pattern)
	return *(*[size]byte)(unsafe.Pointer(inner)) == *(*[size]byte)(unsafe.Pointer(was))
}

func changed[T comparable](outer *T, inner, was T) {
	if inner != was {
		*outer = inner
	}
}

// changedMap is changed for maps: it copies inner if it is another map, since one
// that is shared already shows the changes.
func changedMap[M ~map[string][]string](outer *M, inner, was M) {
	if reflect.ValueOf(inner).Pointer() != reflect.ValueOf(was).Pointer() {
		*outer = inner
	}
}

// sameBody is false for bodies of a type that cannot be compared: comparing those
// panics.
func sameBody(a, b io.ReadCloser) (same bool) {
	defer func() { _ = recover() }()
	return a == b
}

// handBackPathValues copies the values of the wildcards named in the pattern.
func handBackPathValues(outer, inner *http.Request, pattern string) {
	for rest := pattern; ; {
		_, after, ok := strings.Cut(rest, "{")
		if !ok {
			return
		}
		name, after, _ := strings.Cut(after, "}")
		rest = after
		if name = strings.TrimSuffix(name, "..."); name == "$" {
			continue
		}
		if value := inner.PathValue(name); value != outer.PathValue(name) {
			outer.SetPathValue(name, value)
		}
	}
}

// otherValues is where a request keeps path values that no pattern names, and
// which net/http has no way to list. A copy of a request shares them, unless the
// first one was set in the copy.
var otherValues, _ = reflect.TypeFor[http.Request]().FieldByName("otherValues")

func handBackOtherValues(outer, inner *http.Request) {
	values := reflect.ValueOf(inner).Elem().FieldByIndex(otherValues.Index)
	if values.Kind() != reflect.Map || values.Len() == 0 {
		return
	}
	for all := values.MapRange(); all.Next(); {
		if name, value := all.Key().String(), all.Value().String(); outer.PathValue(name) != value {
			outer.SetPathValue(name, value)
		}
	}
}
