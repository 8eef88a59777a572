package cli

import (
	"bytes"
	"cmp"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/sonde-go/sonde/internal/figures"
	"github.com/sonde-go/sonde/internal/terminal"
	"github.com/sonde-go/sonde/internal/traces"
)

const (
	narrowest = 80  // what a table takes in any case
	wholeDate = 100 // columns from which on dates have a year
	wholeIDs  = 140 // and ids are whole, as they are where nobody counts the columns

	shortestID    = 8
	longestID     = 36
	widestStatus  = 12
	leastRoot     = 8
	widestUnbound = 60 // what a cell takes where nobody counts the columns
)

// tableColumn is a column of a list.
type tableColumn struct {
	head  string
	right bool
	cell  func(*traces.Line) string // clean
	width int
}

// writeTable writes the traces in so many columns, 0 if there is no limit.
func writeTable(w io.Writer, all iter.Seq2[traces.Line, error], columns int) (n int, err error) {
	var rows []traces.Line
	for t, err := range all {
		if err != nil {
			return 0, err
		}
		rows = append(rows, t)
	}
	if len(rows) == 0 {
		return 0, nil
	}
	var out bytes.Buffer
	table := newTable(rows, columns)
	for i := range rows {
		if i == 0 {
			writeRow(&out, table, func(c *tableColumn) string { return c.head })
		}
		writeRow(&out, table, func(c *tableColumn) string { return c.cell(&rows[i]) })
	}
	_, err = w.Write(out.Bytes())
	return len(rows), err
}

// newTable divides the columns. What the root and the services take is what the
// others leave, services no more than they need, or a third where the root needs more.
func newTable(rows []traces.Line, columns int) []tableColumn {
	bound := columns > 0
	columns = max(columns, narrowest)
	id, stamp := func(t *traces.Line) string { return terminal.Clean(t.ID) }, "2006-01-02 15:04:05"
	if bound && columns < wholeIDs {
		length := telling(rows)
		id = func(t *traces.Line) string { return firstRunes(terminal.Clean(t.ID), length) }
	}
	if bound && columns < wholeDate {
		stamp = "01-02 15:04:05"
	}
	table := []tableColumn{
		{head: "TRACE", cell: id},
		{head: "BEGAN (UTC)", cell: func(t *traces.Line) string {
			if at, err := traces.Began(&t.Trace); err == nil {
				return at.Format(stamp)
			}
			return terminal.Cut(terminal.Clean(t.Timestamp), len(stamp))
		}},
		{head: "TOOK", right: true, cell: took},
		{head: "POINTS", right: true, cell: size},
		{head: "STATUS", cell: ending},
		{head: "ROOT", cell: func(t *traces.Line) string {
			if t.Digest == nil {
				return cmp.Or(terminal.Clean(t.Name), "(no name)")
			}
			return cmp.Or(terminal.Clean(t.Digest.Root), "(no root)")
		}},
		{head: "SERVICES", cell: func(t *traces.Line) string {
			if t.Digest == nil {
				return terminal.Clean(t.Service)
			}
			return terminal.Clean(strings.Join(t.Digest.Services, ", "))
		}},
	}
	left := columns
	for i := range table {
		c := &table[i]
		c.width = len(c.head)
		for j := range rows {
			c.width = max(c.width, terminal.Width(c.cell(&rows[j])))
		}
		if i < len(table)-2 {
			left -= c.width + len(gap)
		}
	}
	root, services := &table[len(table)-2], &table[len(table)-1]
	if !bound {
		root.width, services.width = min(root.width, widestUnbound), min(services.width, widestUnbound)
		return table
	}
	left = max(left-len(gap), 2*leastRoot)
	services.width = min(services.width, max(left/3, left-root.width))
	root.width = min(root.width, left-services.width)
	return table
}

// telling is how many characters of their ids tell the traces apart.
func telling(rows []traces.Line) int {
	ids := make([]string, len(rows))
	for i := range rows {
		ids[i] = terminal.Clean(rows[i].ID)
	}
	slices.Sort(ids)
	length := shortestID
	for i := 1; i < len(ids); i++ {
		same := 0
		a, b := []rune(ids[i-1]), []rune(ids[i])
		for same < min(len(a), len(b)) && a[same] == b[same] {
			same++
		}
		length = max(length, same+1)
	}
	return min(length, longestID)
}

func firstRunes(s string, n int) string {
	if runes := []rune(s); len(runes) > n {
		return string(runes[:n])
	}
	return s
}

func took(l *traces.Line) string {
	if l.Digest == nil {
		return ""
	}
	text := figures.Duration(l.Digest.Duration)
	if !l.Digest.Ended {
		text += "+"
	}
	return text
}

func size(l *traces.Line) string {
	if l.Digest == nil {
		return ""
	}
	return strconv.Itoa(l.Digest.Points)
}

// ending is how the root ended, after a mark if anything in the trace has failed.
func ending(l *traces.Line) string {
	text := terminal.Cut(terminal.Clean(l.OrZero().Status), widestStatus)
	if failed, _ := l.HasFailed(); failed {
		return strings.TrimRight("✗ "+text, " ")
	}
	return text
}

const gap = "  "

func writeRow(out *bytes.Buffer, table []tableColumn, text func(*tableColumn) string) {
	line := ""
	for i := range table {
		c := &table[i]
		cell := terminal.Cut(text(c), c.width)
		blanks := strings.Repeat(" ", c.width-terminal.Width(cell))
		if c.right {
			cell, blanks = blanks+cell, ""
		}
		line += cell + blanks + gap
	}
	out.WriteString(strings.TrimRight(line, " ") + "\n")
}
