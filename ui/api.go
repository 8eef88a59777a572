package ui

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/internal/traces"
	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/document"
)

// mostPosted is how large a file may be that is posted.
const mostPosted = 64 << 20

// list answers as "trace list --format json" does. The pages beside it are links, RFC
// 8288: what does not fit into that answer stands in headers.
func (v *viewer) list(w http.ResponseWriter, r *http.Request, p *params) error {
	l := traces.List{Query: p.query(), Store: v.store}
	if err := p.check(); err != nil {
		return err
	}
	var out bytes.Buffer // at most mostListed lines; headers come first
	if _, err := traces.Write(&out, l.All(r.Context())); err != nil {
		return err
	}
	older, newer := l.Pages()
	if older != "" {
		w.Header().Add("Link", link(p.values, "page-before", older, "next"))
	}
	if newer != "" {
		w.Header().Add("Link", link(p.values, "page-after", newer, "prev"))
	}
	_, err := w.Write(out.Bytes())
	return err
}

// link is that of the page on one side of a list.
func link(values url.Values, name string, at drivers.Cursor, rel string) string {
	to := url.Values{}
	for n, texts := range values {
		if n != "page-before" && n != "page-after" {
			to[n] = texts
		}
	}
	to.Set(name, string(at))
	return fmt.Sprintf(`<%s/traces?%s>; rel="%s"`, apiPrefix, to.Encode(), rel)
}

func (v *viewer) trace(w http.ResponseWriter, r *http.Request, p *params) error {
	if err := p.check(); err != nil {
		return err
	}
	return traces.WriteTrace(r.Context(), w, v.store, pathVar(r, "trace"))
}

func (v *viewer) findings(w http.ResponseWriter, r *http.Request, p *params) error {
	if err := p.check(); err != nil {
		return err
	}
	return traces.WriteFindings(r.Context(), w, v.store, pathVar(r, "trace"))
}

func (v *viewer) point(w http.ResponseWriter, r *http.Request, p *params) error {
	if err := p.check(); err != nil {
		return err
	}
	return traces.WritePoint(r.Context(), w, v.store, pathVar(r, "trace"), pathVar(r, "point"))
}

func (v *viewer) diff(w http.ResponseWriter, r *http.Request, p *params) error {
	a, b := p.required("a"), p.required("b")
	if err := p.check(); err != nil {
		return err
	}
	return traces.WriteDiff(r.Context(), w, v.store, a, b)
}

func (v *viewer) stats(w http.ResponseWriter, r *http.Request, p *params) error {
	s := p.selection()
	if err := p.check(); err != nil {
		return err
	}
	return traces.WriteStats(r.Context(), w, v.store, s)
}

// file answers with the document of a trace that is posted in any form that "trace
// show" reads.
func (v *viewer) file(w http.ResponseWriter, r *http.Request, p *params) error {
	if err := p.check(); err != nil {
		return err
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostPosted))
	if err != nil {
		return err
	}
	read, err := report.Read(data)
	if err != nil {
		return &statusError{http.StatusUnprocessableEntity, "not a trace that can be read: " + err.Error()}
	}
	return document.Write(w, read, report.Options{})
}

// aboutStore tells which store it is, without its secrets.
func (v *viewer) aboutStore(w http.ResponseWriter, _ *http.Request, p *params) error {
	if err := p.check(); err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(struct {
		Version int    `json:"version"`
		URL     string `json:"url"`
		Lists   bool   `json:"lists"`
	}{document.Version, v.store.URL(), v.store.Can(drivers.List)})
}

//go:embed openapi.json
var openapi []byte

func (v *viewer) describe(w http.ResponseWriter, _ *http.Request, p *params) error {
	if err := p.check(); err != nil {
		return err
	}
	_, err := w.Write(openapi)
	return err
}
