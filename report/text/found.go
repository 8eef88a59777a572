package text

import (
	"fmt"

	"github.com/sonde-go/sonde/internal/figures"
	"github.com/sonde-go/sonde/internal/terminal"
	"github.com/sonde-go/sonde/report/findings"
)

// mostFound is how many lines the findings before the waterfall take: the first up
// to three, the last all that are left, and any other up to two.
const mostFound = 6

// findings lists what was found, as far as there is room, and keeps the evidence.
// It returns the numbers of the findings that are not shown, or not in full.
func (t *writer) findings(found []findings.Finding) (rest []int) {
	if len(found) == 0 {
		return nil
	}
	t.end()
	room := mostFound
	for i, f := range found {
		left := len(found) - i
		if left > 1 && room == 1 {
			t.line(fixed(dim, "… "+figures.Counted(left, "more finding")+", below"))
			for ; i < len(found); i++ {
				rest = append(rest, i)
			}
			return rest
		}
		most := room
		if left > 1 {
			most = min(2, room-1) // one is for that remark
			if i == 0 {
				most = 3
			}
		}
		lines, whole := t.finding(found, i, most)
		room -= lines
		if !whole {
			rest = append(rest, i)
		}
		t.prove(&f, i+1)
	}
	return rest
}

// prove keeps what proves the finding of a number.
func (t *writer) prove(f *findings.Finding, number int) {
	t.numbered = number
	for _, p := range f.Points {
		if t.evidence[p] == 0 {
			t.evidence[p] = number
		}
		number = 0
	}
}

// accepted says how many findings somebody has accepted.
func (t *writer) accepted(n int) {
	if n == 0 {
		return
	}
	if t.numbered == 0 {
		t.end()
	}
	t.line(fixed(dim, figures.Counted(n, "finding")+" accepted"))
}

// finding writes the i-th finding in at most most lines.
func (t *writer) finding(found []findings.Finding, i, most int) (lines int, whole bool) {
	kind := 0
	for _, f := range found {
		kind = max(kind, len(kindWord(f.Kind)))
	}
	t.right(len(fmt.Sprint(len(found))), fixed(bold, fmt.Sprint(i+1)))
	t.skip(1)
	t.left(kind+1, fixed(bold, kindWord(found[i].Kind)))
	return t.paragraph(plain, terminal.Clean(found[i].Text), most)
}

// more lists the findings for which there was no room.
func (t *writer) more(found []findings.Finding, rest []int) {
	if len(rest) > 0 {
		t.end()
	}
	for _, i := range rest {
		t.finding(found, i, maxParagraph)
	}
}

// kindWord is the name of a kind in a sentence.
func kindWord(k findings.Kind) string {
	if k == findings.MissingParents {
		return "no parent"
	}
	return string(k)
}

// blind says what could not be judged.
func (t *writer) blind(blind []string) {
	for i, b := range blind {
		if i == 0 {
			t.end()
		}
		t.put(fixed(dim, "not judged: "))
		t.paragraph(dim, terminal.Clean(b), maxParagraph)
	}
}
