package jsontext

// Cursor reads a JSON text from left to right, each byte once however deep it
// nests. The text must be one that [Skip] has passed as a whole.
type Cursor struct {
	text []byte
	at   int
}

// NewCursor returns a Cursor before the value that text is.
func NewCursor(text []byte) Cursor { return Cursor{text, SkipSpace(text, 0)} }

// Kind returns the first byte of the value ahead.
func (c *Cursor) Kind() byte { return c.text[c.at] }

// Open enters the array or object ahead.
func (c *Cursor) Open() { c.at++ }

// Next goes to the next element, or to the key of the next member. It returns
// false at the end of the array or object, which it leaves.
func (c *Cursor) Next() bool {
	c.at = SkipSpace(c.text, c.at)
	switch c.text[c.at] {
	case ']', '}':
		c.at++
		return false
	case ',':
		c.at = SkipSpace(c.text, c.at+1)
	}
	return true
}

// Key returns the key ahead with its quotes, and goes to its value.
func (c *Cursor) Key() []byte {
	key := c.Value()
	c.at = SkipSpace(c.text, c.at) // the colon
	c.at = SkipSpace(c.text, c.at+1)
	return key
}

// Value returns the value ahead and moves past it.
func (c *Cursor) Value() []byte {
	from := c.at
	c.at = Skip(c.text, from)
	return c.text[from:c.at]
}

// Rest returns the text from the value ahead on.
func (c *Cursor) Rest() []byte { return c.text[c.at:] }
