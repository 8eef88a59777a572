package text

import (
	"bytes"
	"strings"

	"github.com/sonde-go/sonde/internal/terminal"
)

// The styles of cells, as ANSI's select graphic rendition.
const (
	plain  = ""
	bold   = "1"
	dim    = "2"
	red    = "31"
	yellow = "33"
	cyan   = "36"
)

// cell is a piece of a line. Its text is clean: from package terminal, or ours.
type cell struct {
	text  string
	style string
	flex  bool // is cut before any other of its column
	end   bool // and that at its end and not in the middle
}

func fixed(style, text string) cell { return cell{text: text, style: style} }
func flex(style, text string) cell  { return cell{text: text, style: style, flex: true} }

// screen is the only place that cuts, pads and colours cells.
type screen struct {
	out    bytes.Buffer
	width  int
	color  bool
	at     int // column of the line
	blanks int // before the next text; none are written at the end of a line
}

// line writes cells as a line of their own.
func (s *screen) line(cells ...cell) {
	s.put(cells...)
	s.end()
}

// put writes cells one after the other, in what is left of the line.
func (s *screen) put(cells ...cell) { s.place(s.width-s.at, cells) }

// left writes cells, left-aligned, into the given number of columns.
func (s *screen) left(columns int, cells ...cell) {
	end := s.at + columns
	s.place(columns, cells)
	s.skip(end - s.at)
}

// right writes a cell, right-aligned, into the given number of columns.
func (s *screen) right(columns int, c cell) {
	s.skip(columns - terminal.Width(c.text))
	s.place(columns, []cell{c})
}

func (s *screen) skip(columns int) {
	columns = max(0, columns)
	s.at += columns
	s.blanks += columns
}

// end ends the line.
func (s *screen) end() {
	s.out.WriteByte('\n')
	s.at, s.blanks = 0, 0
}

// place writes cells into at most the given number of columns. The flexible one
// shrinks to a third of the room; then the cells at the end are cut.
func (s *screen) place(columns int, cells []cell) {
	others := 0
	for _, c := range cells {
		if !c.flex {
			others += terminal.Width(c.text)
		}
	}
	for _, c := range cells {
		text := c.text
		if c.flex {
			cut := terminal.CutMiddle
			if c.end {
				cut = terminal.Cut
			}
			text = cut(text, max(columns-others, columns/3))
		} else {
			others -= terminal.Width(text)
			text = terminal.Cut(text, columns)
		}
		n := terminal.Width(text)
		columns -= n
		s.write(text, n, c.style)
	}
}

func (s *screen) write(text string, width int, style string) {
	body := strings.TrimRight(text, " ")
	if body == "" {
		s.skip(width)
		return
	}
	for ; s.blanks > 0; s.blanks-- {
		s.out.WriteByte(' ')
	}
	if s.color && style != "" {
		s.out.WriteString("\x1b[" + style + "m" + body + "\x1b[0m")
	} else {
		s.out.WriteString(body)
	}
	s.at += width
	s.blanks = len(text) - len(body)
}

// paragraph writes words into at most most lines, which all begin in the column of
// the first; what does not fit is cut off the last one. It returns how many lines it
// took, and whether all words are there.
func (s *screen) paragraph(style, words string, most int) (lines int, whole bool) {
	indent := s.at
	room := max(2, s.width-indent)
	for lines = 1; lines < most && terminal.Width(words) > room; lines++ {
		first, rest := wrap(words, room)
		s.line(fixed(style, first))
		s.skip(indent)
		words = rest
	}
	s.line(fixed(style, words))
	return lines, terminal.Width(words) <= room
}

// wrap splits words at the last blank at which the first part fits into columns, but
// not between a number and its unit. If there is no such blank, it splits anywhere.
func wrap(words string, columns int) (first, rest string) {
	fits := len(strings.TrimSuffix(terminal.Cut(words, columns+1), "…"))
	for end := min(len(words), fits+1); ; {
		i := strings.LastIndexByte(words[:end], ' ')
		if i <= 0 {
			return words[:fits], words[fits:]
		}
		if !isUnit(words[i+1:]) {
			return words[:i], words[i+1:]
		}
		end = i
	}
}

// isUnit reports whether words begin with the unit of a number.
func isUnit(words string) bool {
	unit := words[:len(words)-len(strings.TrimLeft(words, "µmsd%±"))]
	return unit != "" && strings.Trim(words[len(unit):min(len(words), len(unit)+1)], " ,;:") == ""
}
