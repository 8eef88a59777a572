package record

import "strings"

// ParseTimestamp reads a record's timestamp as microseconds since 1970 in UTC.
// The usual form is 2006-01-02T15:04:05.000000. It also accepts what others write:
// no fraction or a longer one, a zone, a blank instead of the T; odd says that
// OSProfiler would not have accepted it.
func ParseTimestamp(s string) (micros int64, odd, ok bool) {
	if micros, ok = parseUsual(s); ok {
		return micros, false, true
	}
	return parseLenient(s)
}

// clock reads the timestamps of one trace, most of which begin alike.
type clock struct {
	second string // the usual form up to the dot, as last seen
	micros int64
}

// parse reads only what [AppendTimestamp] writes for the result: the usual form, no
// leap second, and no year that nanoseconds cannot count.
func (c *clock) parse(s []byte) (micros int64, ok bool) {
	const dot = len("0000-00-00T00:00:00.")
	if len(s) != len(usualForm) {
		return 0, false
	}
	if string(s[:dot]) != c.second && !c.begin(string(s[:dot])) {
		return 0, false
	}
	fraction, ok := sixDigits(s[dot:])
	return c.micros + fraction, ok
}

// maxMicros are microseconds that are less than 1<<63 nanoseconds.
const maxMicros = 9_000_000_000_000_000

// begin goes to another second.
func (c *clock) begin(second string) bool {
	micros, ok := parseUsual(second + "000000")
	if !ok || micros > maxMicros || micros < -maxMicros {
		return false
	}
	if text := AppendTimestamp(nil, micros*1000); string(text[:len(second)]) != second {
		return false
	}
	c.second, c.micros = second, micros
	return true
}

func sixDigits(s []byte) (n int64, ok bool) {
	for i := range 6 {
		d := s[i] - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + int64(d)
	}
	return n, true
}

// usualForm is the usual form with a 0 for each digit.
const usualForm = "0000-00-00T00:00:00.000000"

// parseUsual reads only the usual form, which nearly all timestamps have.
func parseUsual(s string) (micros int64, ok bool) {
	if len(s) != len(usualForm) {
		return 0, false
	}
	for i := range len(usualForm) {
		if usualForm[i] == '0' {
			if s[i]-'0' > 9 {
				return 0, false
			}
		} else if s[i] != usualForm[i] {
			return 0, false
		}
	}
	two := func(i int) int64 { return int64(s[i]-'0')*10 + int64(s[i+1]-'0') }
	c := civilTime{
		year: two(0)*100 + two(2), month: two(5), day: two(8),
		hour: two(11), minute: two(14), second: two(17),
		micros: two(20)*10000 + two(22)*100 + two(24),
	}
	return c.unix()
}

// civilTime is a date and a time of day.
type civilTime struct {
	year, month, day, hour, minute, second, micros int64
}

var monthDays = [...]int64{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

func (c *civilTime) unix() (micros int64, ok bool) {
	if c.year < 1 || c.month < 1 || c.month > 12 || c.day < 1 || c.day > monthDays[c.month-1] ||
		c.hour > 23 || c.minute > 59 || c.second > 60 {
		return 0, false
	}
	// Days since 1970-01-01, counting years from March.
	y, m := c.year, c.month
	if m <= 2 {
		y, m = y-1, m+12
	}
	days := 365*y + y/4 - y/100 + y/400 + (153*(m-3)+2)/5 + c.day - 1 - 719468
	return (days*86400+c.hour*3600+c.minute*60+c.second)*1e6 + c.micros, true
}

// scanner reads a timestamp from left to right.
type scanner struct{ rest string }

// number reads between min and max digits.
func (s *scanner) number(min, max int) (n int64, ok bool) {
	i := 0
	for i < len(s.rest) && i < max && s.rest[i]-'0' <= 9 {
		n = n*10 + int64(s.rest[i]-'0')
		i++
	}
	s.rest = s.rest[i:]
	return n, i >= min
}

// take reads one of the given characters.
func (s *scanner) take(chars string) (c byte, ok bool) {
	if s.rest == "" || strings.IndexByte(chars, s.rest[0]) < 0 {
		return 0, false
	}
	c, s.rest = s.rest[0], s.rest[1:]
	return c, true
}

// parseLenient reads any form that [ParseTimestamp] accepts.
func parseLenient(text string) (micros int64, odd, ok bool) {
	s := scanner{strings.TrimSpace(text)}
	odd = len(s.rest) != len(text)
	var c civilTime
	for i, field := range []*int64{&c.year, &c.month, &c.day, &c.hour, &c.minute, &c.second} {
		least, most := 1, 2
		if i == 0 {
			least, most = 4, 4
		}
		if *field, ok = s.number(least, most); !ok {
			return 0, false, false
		}
		if i == 5 {
			break
		}
		sep, ok := s.take([]string{"-", "-", "Tt ", ":", ":"}[i])
		if !ok {
			return 0, false, false
		}
		odd = odd || sep == ' ' || sep == 't'
	}
	fraction := s.fraction(&c.micros)
	zone, ok := s.zone()
	if !ok {
		return 0, false, false
	}
	odd = odd || fraction < 1 || fraction > 6 || zone.given
	micros, ok = c.unix()
	return micros - zone.seconds*1e6, odd, ok
}

// fraction reads the part of a second, cut to microseconds, and returns how
// many digits it has.
func (s *scanner) fraction(micros *int64) (digits int) {
	if sep, ok := s.take(".,"); !ok {
		return 0
	} else if sep == ',' {
		digits = 100 // no form of OSProfiler's
	}
	for unit := int64(100000); ; unit /= 10 {
		n, ok := s.number(1, 1)
		if !ok {
			return digits
		}
		*micros += n * unit
		digits++
	}
}

type zone struct {
	given   bool
	seconds int64 // east of UTC
}

// zone reads Z, ±hh, ±hhmm or ±hh:mm, or nothing, up to the end.
func (s *scanner) zone() (z zone, ok bool) {
	if s.rest == "" {
		return z, true
	}
	z.given = true
	s.rest = strings.TrimLeft(s.rest, " ")
	if _, ok := s.take("Zz"); ok {
		return z, s.rest == ""
	}
	sign, ok := s.take("+-")
	if !ok {
		return z, false
	}
	hours, ok := s.number(2, 2)
	if !ok {
		return z, false
	}
	var minutes int64
	if _, colon := s.take(":"); colon || s.rest != "" {
		if minutes, ok = s.number(2, 2); !ok {
			return z, false
		}
	}
	if hours > 23 || minutes > 59 {
		return z, false
	}
	if z.seconds = hours*3600 + minutes*60; sign == '-' {
		z.seconds = -z.seconds
	}
	return z, s.rest == ""
}
