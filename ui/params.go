package ui

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/internal/traces"
)

// params are the parameters of a request. The first of them that is wrong, or that
// nobody has asked for, is the error.
type params struct {
	values url.Values
	asked  map[string]bool
	err    error
}

func newParams(r *http.Request) *params {
	values, err := url.ParseQuery(r.URL.RawQuery)
	return &params{values: values, asked: map[string]bool{}, err: err}
}

func (p *params) text(name string) string {
	p.asked[name] = true
	if len(p.values[name]) > 1 {
		p.wrong(name, "is given twice")
	}
	return p.values.Get(name)
}

func (p *params) wrong(name, what string) {
	if p.err == nil {
		p.err = fmt.Errorf("%s: %s", name, what)
	}
}

// required is a text that has to be given.
func (p *params) required(name string) string {
	text := p.text(name)
	if text == "" {
		p.wrong(name, "is missing")
	}
	return text
}

func (p *params) number(name string, least, most, otherwise int) int {
	text := p.text(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		p.wrong(name, fmt.Sprintf("%q is no number from %d to %d", text, least, most))
		return otherwise
	}
	return n
}

func (p *params) truth(name string) bool {
	switch text := p.text(name); text {
	case "", "false":
	case "true":
		return true
	default:
		p.wrong(name, fmt.Sprintf("%q is neither true nor false", text))
	}
	return false
}

func (p *params) duration(name string) time.Duration {
	text := p.text(name)
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		p.wrong(name, fmt.Sprintf("%q is no duration such as 500ms", text))
	}
	return d
}

func (p *params) time(name string) (t time.Time) {
	if text := p.text(name); text != "" {
		var err error
		if t, err = traces.ParseTime(text); err != nil {
			p.wrong(name, err.Error())
		}
	}
	return t
}

func (p *params) place(name string) drivers.Cursor {
	c := drivers.Cursor(p.text(name))
	if err := c.Check(); err != nil {
		p.wrong(name, err.Error())
	}
	return c
}

func (p *params) oneOf(name string, words []string) string {
	text := p.text(name)
	if text != "" && !slices.Contains(words, text) {
		p.wrong(name, fmt.Sprintf("%q is none of %q", text, words))
	}
	return text
}

// check is the error of parameters all of which have been asked for.
func (p *params) check() error {
	for _, name := range slices.Sorted(maps.Keys(p.values)) {
		if !p.asked[name] && p.err == nil {
			p.err = fmt.Errorf("there is no parameter %q here, only %q", name, slices.Sorted(maps.Keys(p.asked)))
		}
	}
	return p.err
}

const (
	listed     = 20 // as many as "trace list" shows
	mostListed = 500
	together   = 1000 // as many as "trace stats" looks at
	mostRead   = 10_000
)

// filter is what chooses traces of the newest: flags of "trace list".
func (p *params) filter() traces.Query {
	return traces.Query{
		Query:       drivers.Query{Limit: p.number("limit", 1, mostListed, listed), Service: p.text("service"), ErrorsOnly: p.truth("error-trace")},
		MinDuration: p.duration("min-duration"), Search: p.text("search"),
	}
}

// query is what chooses traces of a list: the flags of "trace list".
func (p *params) query() traces.Query {
	q := p.filter()
	q.Since, q.Before, q.After = p.time("since"), p.place("page-before"), p.place("page-after")
	q.Sort = p.oneOf("sort", traces.Orders())
	return q
}

// selection is what chooses traces that are looked at together: the flags of "trace
// stats".
func (p *params) selection() traces.Selection {
	return traces.Selection{
		Service: p.text("service"), Name: p.text("name"), Since: p.time("since"), Before: p.time("before"),
		Limit: p.number("limit", 1, mostRead, together),
	}
}
