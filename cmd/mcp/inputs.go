package mcp

import (
	"cmp"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/internal/terminal"
	"github.com/sonde-go/sonde/internal/traces"
)

// query is what a list is asked for.
func (in *listing) query() (q traces.Query, err error) {
	q = traces.Query{
		Query:  drivers.Query{Service: in.Service, ErrorsOnly: in.Failed, Before: drivers.Cursor(in.PageBefore)},
		Search: in.Search, Sort: in.Sort,
	}
	var durationErr, sinceErr, limitErr, sortErr error
	if in.MinDuration != "" {
		if q.MinDuration, durationErr = time.ParseDuration(in.MinDuration); durationErr != nil {
			durationErr = fmt.Errorf("min_duration: %q is no duration such as 500ms", in.MinDuration)
		}
	}
	if !slices.Contains(traces.Orders(), cmp.Or(in.Sort, traces.Orders()[0])) {
		sortErr = fmt.Errorf("sort: %q is none of %q", in.Sort, traces.Orders())
	}
	q.Since, sinceErr = when("since", in.Since)
	q.Limit, limitErr = bounded(in.Limit, listed, mostListed)
	return q, cmp.Or(durationErr, sortErr, sinceErr, limitErr)
}

// selection is what chooses traces that are looked at together.
func (in *many) selection() (s traces.Selection, err error) {
	s = traces.Selection{Service: in.Service, Name: in.Name}
	var sinceErr, beforeErr, limitErr error
	s.Since, sinceErr = when("since", in.Since)
	s.Before, beforeErr = when("before", in.Before)
	s.Limit, limitErr = bounded(in.Limit, looked, mostLooked)
	return s, cmp.Or(sinceErr, beforeErr, limitErr)
}

func when(name, text string) (t time.Time, err error) {
	if text == "" {
		return t, nil
	}
	if t, err = traces.ParseTime(text); err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return t, err
}

func bounded(limit, otherwise, most int) (int, error) {
	if limit < 0 || limit > most {
		return 0, fmt.Errorf("limit: %d is not from 1 to %d", limit, most)
	}
	return cmp.Or(limit, otherwise), nil
}

// said is an error as one harmless line.
func said(err error) error {
	return errors.New(terminal.Clean(strings.TrimPrefix(err.Error(), "sonde: ")))
}

// version is that of the program.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
