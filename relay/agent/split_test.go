package agent

import (
	"bytes"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/relay/internal/spool"
)

// FuzzSplit: what is accepted is in the batches once, whole, in its order and under its
// trace; batches keep to their bounds; and each line is either there or rejected.
func FuzzSplit(f *testing.F) {
	f.Add([]byte(lines(3, 2, 0)))
	f.Add([]byte(strings.ReplaceAll(lines(5, 3, 0), "\n", "\r\n")))
	f.Add([]byte("\n{}\n[]\r\n\r\n \xff\n" + lines(2, 1, 0)))
	f.Add([]byte(strings.Repeat(line("a", 1)+"\n"+line("b", 1)+"\n", 3)))
	f.Add([]byte(line("a", 1) + "\r\r\n\n" + line("a", 2)))
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) > 0 && body[len(body)-1] != '\n' {
			body = append(body, '\n')
		}
		sent := bytes.Clone(body)
		b := budget{most: maxBody}
		h := held{budget: &b}
		var s splitter
		batches, err := s.split(body, &h, nil)
		if err != nil {
			if lines := bytes.Count(sent, []byte("\n")); lines <= maxLines && len(sent) <= maxBody/2 {
				t.Fatalf("%d lines: %v", lines, err)
			}
			return
		}
		// The same by simple means.
		want := map[string]string{}
		records, refused := 0, 0
		for l := range bytes.Lines(sent) {
			l = bytes.TrimSuffix(bytes.TrimSuffix(l, []byte("\n")), []byte("\r"))
			if len(bytes.TrimSpace(l)) == 0 {
				continue
			}
			records++
			e, err := new(record.Decoder).Event(l)
			if err != nil || len(l) > spool.MaxRecordBytes {
				refused++
				continue
			}
			want[e.Trace().String()] += string(l) + "\n"
		}
		if s.records != records || s.refused != refused || len(s.rejected) != min(refused, mostTold) {
			t.Errorf("%d records, %d refused; want %d and %d", s.records, s.refused, records, refused)
		}
		got := map[string]string{}
		for _, b := range batches {
			got[b.Trace] += string(b.Text)
			if n := bytes.Count(b.Text, []byte("\n")); n != b.Records || n > spool.MaxRecords || len(b.Text) > spool.MaxBytes && n > 1 {
				t.Errorf("a batch of %d records says %d, and has %d bytes", n, b.Records, len(b.Text))
			}
		}
		if len(got) != len(want) {
			t.Errorf("%d traces, want %d", len(got), len(want))
		}
		for trace, text := range want {
			if got[trace] != text {
				t.Errorf("%s: %q, want %q", trace, got[trace], text)
			}
		}
	})
}

func TestNames(t *testing.T) {
	one := make([]spool.Batch, 1)
	if name(one, "9f3c5a0e12ab34cd", 513, 512); one[0].ID != "9f3c5a0e12ab34cd-513-1024" {
		t.Error(one[0].ID)
	}
	two := make([]spool.Batch, 2)
	if name(two, "9f3c5a0e12ab34cd", 1, 2); two[0].ID != "9f3c5a0e12ab34cd-1-2-0" || two[1].ID != "9f3c5a0e12ab34cd-1-2-1" {
		t.Error(two[0].ID, two[1].ID)
	}
}
