package sqltext

import "strings"

// Columns returns the names of the columns that the placeholders of statement set
// or are compared with, in the order of the arguments: "email" for both "WHERE
// email = $1" and "INSERT INTO users (email) VALUES (?)". A name is empty if it
// cannot be determined. Only the usual forms of statements are understood.
func Columns(statement string, d Dialect) []string {
	c := columns{}
	l := lexer{in: statement, mysql: d == MySQL, faithful: true}
	for l.pos < len(l.in) && l.pos < MaxInput {
		from := len(l.out)
		start := l.pos
		l.token()
		c.token(strings.TrimSpace(l.in[start:l.pos]), string(l.out[from:]))
	}
	return c.names
}

// columns follows the tokens of a statement.
type columns struct {
	names []string

	last    string   // the last name, until something separates it from a value
	list    []string // names in the parentheses that were closed last
	current []string // names in those that are open
	values  bool     // after VALUES: parentheses hold values for list
	place   int      // in the parentheses that are open
	depth   int
}

func (c *columns) token(in, out string) {
	switch {
	case in == "":
	case isPlaceholder(in):
		name := c.last
		if c.values && c.depth > 0 && c.place < len(c.list) {
			name = c.list[c.place]
		}
		c.set(in, name)
	case in == "(":
		if c.depth++; c.depth == 1 {
			c.current, c.place = nil, 0
		}
	case in == ")":
		if c.depth--; c.depth <= 0 {
			if c.depth = 0; !c.values {
				c.list = c.current
			}
		}
	case in == ",":
		if c.depth == 1 {
			c.place++
		}
		if c.depth == 0 && !c.values {
			c.last = ""
		}
	case strings.EqualFold(in, "values"):
		c.values = true
	case isOperator(in):
	case isKeyword(in):
		c.last = ""
	case isName(in[0]) || in[0] == '"' || in[0] == '`':
		c.last = strings.Trim(in, "\"`")
		if c.depth == 1 {
			c.current = append(c.current, c.last)
		}
	case out == "?":
		c.last = ""
	}
}

// set gives an argument its name: $2 the second, any other the next one.
func (c *columns) set(placeholder, name string) {
	n := len(c.names)
	if digits := placeholder[1:]; placeholder[0] == '$' || placeholder[0] == '?' && digits != "" {
		if n = 0; len(digits) > 4 {
			return
		}
		for _, d := range digits {
			n = n*10 + int(d-'0')
		}
		n--
	}
	if n < 0 {
		return
	}
	for len(c.names) <= n {
		c.names = append(c.names, "")
	}
	if c.names[n] == "" {
		c.names[n] = name
	}
}

func isPlaceholder(in string) bool {
	switch in[0] {
	case '?':
		return true
	case '$':
		return len(in) > 1 && strings.Trim(in[1:], "0123456789") == ""
	case ':', '@':
		return len(in) > 1 && isName(in[1])
	}
	return false
}

// isOperator recognises the words between a column and its value.
func isOperator(word string) bool {
	switch strings.ToLower(word) {
	case "in", "like", "ilike", "between", "not", "any", "some", "all", "is":
		return true
	}
	return false
}

// isKeyword recognises the words after which another column, or none, is meant.
func isKeyword(word string) bool {
	switch strings.ToLower(word) {
	case "and", "or", "where", "set", "on", "having", "limit", "offset", "select", "from", "join", "returning", "into", "insert", "update":
		return true
	}
	return false
}
