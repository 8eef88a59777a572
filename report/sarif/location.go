package sarif

import (
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/sonde-go/sonde/report"
)

// anchor is the place of a finding of which no record tells one: where it may be
// accepted. GitHub refuses a whole log for one result without a place.
var anchor = &physicalLocation{artifactLocation{".sonde-accept"}, region{1}}

// locations are where a finding is: the first of its points whose place in the code
// is known, or else the first, and then those that differ from it and from one another.
func locations(r *report.Report, points []*report.Point) (first, related []location) {
	type place struct{ service, name, at string }
	seen := map[place]bool{}
	var all []location
	main := 0
	for _, p := range points {
		here := place{p.Service, p.Name, r.Text(p, "sonde.at")}
		if seen[here] {
			continue
		}
		seen[here] = true
		l := location{physical(here.at), []logicalLocation{
			{p.Service, p.Service, "service"}, {p.Name, p.Service + "/" + p.Name, "point"},
		}}
		if all = append(all, l); l.Physical != nil && all[main].Physical == nil {
			main = len(all) - 1
		}
	}
	if len(all) == 0 {
		return []location{{Physical: anchor}}, nil
	}
	first = []location{all[main]}
	if first[0].Physical == nil {
		first[0].Physical = anchor
	}
	return first, slices.Delete(all, main, main+1)
}

// physical is the place in the code that a record tells, "cart/load.go:123", nil
// if it tells none. A relative path is taken to be of the repository.
func physical(at string) *physicalLocation {
	at = strings.ReplaceAll(strings.ToValidUTF8(at, "\ufffd"), `\`, "/")
	colon := strings.LastIndexByte(at, ':')
	if colon <= 0 {
		return nil
	}
	line, err := strconv.Atoi(at[colon+1:])
	if err != nil || line < 1 {
		return nil
	}
	file := url.URL{Path: path.Clean(at[:colon])}
	if path.IsAbs(file.Path) {
		file.Scheme = "file"
	}
	return &physicalLocation{artifactLocation{file.String()}, region{line}}
}
