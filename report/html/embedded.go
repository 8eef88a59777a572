package html

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
)

// mostPlain is how much JSON stands in a page as it is. More is compressed, to
// about a tenth.
const mostPlain = 256 << 10

// embedded writes JSON into a page: as it is, or once there is much of it
// compressed, in memory that does not grow with it.
type embedded struct {
	w     io.Writer
	plain []byte // so far, while nothing is compressed

	base64 io.WriteCloser
	gzip   *gzip.Writer // nil while nothing is compressed
}

func (e *embedded) Write(b []byte) (int, error) {
	if e.gzip != nil {
		return e.gzip.Write(b)
	}
	if e.plain = append(e.plain, b...); len(e.plain) <= mostPlain {
		return len(b), nil
	}
	if _, err := io.WriteString(e.w, `<script type="text/plain" id="data" data-encoding="gzip">`); err != nil {
		return 0, err
	}
	e.base64 = base64.NewEncoder(base64.StdEncoding, e.w)
	e.gzip = gzip.NewWriter(e.base64)
	if _, err := e.gzip.Write(e.plain); err != nil {
		return 0, err
	}
	e.plain = nil
	return len(b), nil
}

// close writes what is left.
func (e *embedded) close() error {
	if e.gzip == nil {
		if _, err := io.WriteString(e.w, `<script type="application/json" id="data">`+"\n"); err != nil {
			return err
		}
		if _, err := e.w.Write(escape(e.plain)); err != nil {
			return err
		}
	} else {
		if err := e.gzip.Close(); err != nil {
			return err
		}
		if err := e.base64.Close(); err != nil {
			return err
		}
	}
	_, err := io.WriteString(e.w, "</script>\n")
	return err
}

// escape returns JSON that means the same, and in which nothing ends a script or
// begins a comment: these characters stand in its texts only.
func escape(json []byte) []byte {
	for char, escaped := range map[string]string{
		"<": `\u003c`, ">": `\u003e`, "&": `\u0026`, "\u2028": `\u2028`, "\u2029": `\u2029`,
	} {
		json = bytes.ReplaceAll(json, []byte(char), []byte(escaped))
	}
	return json
}
