package report

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/record"
)

// Missing says that records of a service are not in the store, by the numbers of those
// that are, see [record.Number].
type Missing struct {
	Service  string
	Numbered int64 // records that the service has numbered, as far as can be known
	Stored   int64 // those of them that are in the store, a repeated one counted once
	Told     int64 // those that the service itself says are lost: Report.Lost has them
}

// Records returns how many are missing without anybody having said so.
func (m *Missing) Records() int64 { return m.Numbered - m.Stored - m.Told }

// Missing returns the services of which records are missing, in the order of their first
// records. A loss that the service has told is not told again. What a service has made
// after the last record of it that is in the store is not missed, since nobody knows of
// it.
func (r *Report) Missing() (list []Missing) {
	if len(r.gaps) == 0 {
		return nil
	}
	told := map[string]int64{}
	if r.mentioned.has("lost_numbered") {
		for p := range r.All() {
			for e := range r.records(p) {
				n, err := strconv.ParseInt(string(jsontext.Get(r.info(e.stored), "sonde", "lost_numbered")), 10, 32)
				if err == nil && n > 0 {
					told[p.Service] += n
				}
			}
		}
	}
	for _, m := range r.gaps {
		if m.Told = told[m.Service]; m.Records() > 0 {
			list = append(list, m)
		}
	}
	return list
}

// producer is what is known of the numbers that one has given, see [record.Number].
type producer struct {
	from    uint64
	service string
	runs    []run
}

// run is some consecutive numbers.
type run struct{ first, last uint64 }

// number notes the number of a record, and returns the place of its producer.
func (b *builder) number(r *record.Record) int32 {
	n := r.Number
	i := b.lastProducer
	if int(i) >= len(b.producers) || b.producers[i].from != n.From {
		var ok bool
		if i, ok = b.byNumber[n.From]; !ok {
			if b.byNumber == nil {
				b.byNumber = map[uint64]int32{}
			}
			i = int32(len(b.producers))
			b.byNumber[n.From] = i
			p := producer{from: n.From}
			if r.Service != nil {
				p.service = strings.Clone(*r.Service)
			}
			b.producers = append(b.producers, p)
		}
		b.lastProducer = i
	}
	p := &b.producers[i]
	if k := len(p.runs) - 1; k >= 0 && p.runs[k].last+1 == n.N {
		p.runs[k].last++
	} else {
		p.runs = append(p.runs, run{n.N, n.N})
	}
	return i
}

// sumNumbers finds the services in whose numbers there are gaps.
func (b *builder) sumNumbers() {
	var list []Missing
	place := map[string]int{}
	for i := range b.producers {
		p := &b.producers[i]
		slices.SortFunc(p.runs, func(x, y run) int { return cmp.Compare(x.first, y.first) })
		k, ok := place[p.service]
		if !ok {
			k = len(list)
			place[p.service] = k
			list = append(list, Missing{Service: p.service})
		}
		m, after := &list[k], uint64(0)
		for _, run := range p.runs {
			if run.last > after {
				m.Stored += int64(run.last - max(after, run.first-1))
				after = run.last
			}
		}
		m.Numbered += int64(after)
		p.runs = nil
	}
	b.gaps = slices.DeleteFunc(list, func(m Missing) bool { return m.Records() <= 0 })
}

// gapsOf reads what a document says is missing.
func gapsOf(document []byte) (gaps []Missing) {
	jsontext.Elements(jsontext.Get(document, "missing"), func(m []byte) bool {
		gaps = append(gaps, Missing{
			Service:  plainText(jsontext.Get(m, "service")),
			Numbered: number(jsontext.Get(m, "numbered")), Stored: number(jsontext.Get(m, "stored")),
		})
		return true
	})
	return gaps
}
