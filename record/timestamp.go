package record

import (
	"encoding/binary"
	"sync/atomic"
)

const noTime = "0000-00-00T00:00:00.000000"

// digits2 has the two digits of every number below 100, the first one in the
// low half.
var digits2 = twoDigits()

func twoDigits() (t [100]uint16) {
	for i := range t {
		t[i] = uint16('0'+i/10) | uint16('0'+i%10)<<8
	}
	return t
}

// AppendTimestamp appends a Unix time in nanoseconds in the format of records,
// in UTC and truncated to microseconds: 2026-01-02T03:04:05.000006. The result is
// undefined for years outside 0 to 9999.
func AppendTimestamp(b []byte, nanos int64) []byte {
	b = append(b, noTime...)
	putTimestamp((*[26]byte)(b[len(b)-26:]), nanos)
	return b
}

// second caches the text of the last second written: the next record usually
// falls into the same one.
var second atomic.Pointer[secondText]

type secondText struct {
	unix int64
	text [20]byte // 2026-01-02T03:04:05.
}

func putTimestamp(d *[26]byte, nanos int64) {
	unix := floorDiv(nanos, 1_000_000_000)
	us := uint32(nanos-unix*1_000_000_000) / 1000
	s := second.Load()
	if s == nil || s.unix != unix {
		s = newSecond(unix)
		second.Store(s)
	}
	*(*[20]byte)(d[:]) = s.text
	put2(d[20:], us/10000)
	put2(d[22:], us/100)
	put2(d[24:], us)
}

func newSecond(unix int64) *secondText {
	const day = 24 * 60 * 60
	days := floorDiv(unix, day)
	year, month, dom := civil(days)
	sec := uint64(unix - days*day)
	s := &secondText{unix: unix}
	d := s.text[:]
	copy(d, noTime)
	put2(d[0:], year/100)
	put2(d[2:], year)
	put2(d[5:], month)
	put2(d[8:], dom)
	put2(d[11:], sec/3600)
	put2(d[14:], sec/60%60)
	put2(d[17:], sec%60)
	return s
}

func put2[N uint32 | uint64](b []byte, v N) { binary.LittleEndian.PutUint16(b, digits2[v%100]) }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// civil is the date of a day counted from 1970-01-01. It counts in years that
// begin in March, so that the leap day is the last of its year, and in eras of
// 400 years, which all have the same number of days.
func civil(days int64) (year, month, day uint64) {
	const eraDays, toMarchOfYear0 = 146097, 719468
	z := uint64(days + toMarchOfYear0)
	era, inEra := z/eraDays, z%eraDays
	inEraYear := (inEra - inEra/1460 + inEra/36524 - inEra/146096) / 365
	inYear := inEra - (365*inEraYear + inEraYear/4 - inEraYear/100)
	m := (5*inYear + 2) / 153
	year, month, day = era*400+inEraYear, m+3, inYear-(153*m+2)/5+1
	if month > 12 {
		year, month = year+1, month-12
	}
	return year, month, day
}
