package mongodb

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"
	"strings"

	"github.com/sonde-go/sonde/internal/jsontext"
)

// The element types of BSON that records are written with, see
// https://bsonspec.org/spec.html.
const (
	bsonDouble   = 0x01
	bsonString   = 0x02
	bsonDocument = 0x03
	bsonArray    = 0x04
	bsonObjectID = 0x07
	bsonBool     = 0x08
	bsonNull     = 0x0a
	bsonInt32    = 0x10
	bsonInt64    = 0x12
)

// encoder makes BSON of JSON that [record.Event.JSON] returns.
type encoder struct {
	buf []byte

	// plain leaves out what some servers refuse: dots and leading dollars in
	// keys, arrays in arrays.
	plain bool
	// special says that plain makes a difference.
	special bool
}

// document appends a JSON object, after an _id if one is given.
func (c *encoder) document(id []byte, object []byte) {
	at := c.begin()
	if id != nil {
		c.buf = append(append(c.buf, bsonObjectID), "_id\x00"...)
		c.buf = append(c.buf, id...)
	}
	jsontext.UniqueMembers(object, func(key, value []byte) {
		typeAt := len(c.buf)
		c.buf = append(c.buf, 0)
		c.key(key)
		c.buf[typeAt] = c.value(value, false)
	})
	c.end(at)
}

func (c *encoder) array(array []byte) {
	at := c.begin()
	i := 0
	jsontext.Elements(array, func(value []byte) bool {
		typeAt := len(c.buf)
		c.buf = append(strconv.AppendInt(append(c.buf, 0), int64(i), 10), 0)
		c.buf[typeAt] = c.value(value, true)
		i++
		return true
	})
	c.end(at)
}

// begin leaves room for the length of a document.
func (c *encoder) begin() int {
	c.buf = append(c.buf, 0, 0, 0, 0)
	return len(c.buf) - 4
}

func (c *encoder) end(at int) {
	c.buf = append(c.buf, 0)
	binary.LittleEndian.PutUint32(c.buf[at:], uint32(len(c.buf)-at))
}

// key appends a key, which BSON ends with a NUL.
func (c *encoder) key(quoted []byte) {
	at := len(c.buf)
	c.buf = jsontext.AppendUnquoted(c.buf, quoted)
	key := string(c.buf[at:])
	if strings.ContainsAny(key, "\x00.") || strings.HasPrefix(key, "$") {
		key = strings.ReplaceAll(key, "\x00", "\ufffd")
		c.special = true
		if c.plain {
			key = strings.ReplaceAll(key, ".", "\uff0e")
			if rest, ok := strings.CutPrefix(key, "$"); ok {
				key = "\uff04" + rest
			}
		}
		c.buf = append(c.buf[:at], key...)
	}
	c.buf = append(c.buf, 0)
}

// value appends a JSON value and returns its type.
func (c *encoder) value(value []byte, inArray bool) byte {
	switch value[0] {
	case '{':
		c.document(nil, value)
		return bsonDocument
	case '[':
		if inArray {
			c.special = true
			if c.plain {
				return c.text(string(value))
			}
		}
		c.array(value)
		return bsonArray
	case '"':
		at := len(c.buf)
		c.buf = append(c.buf, 0, 0, 0, 0)
		c.buf = jsontext.AppendUnquoted(c.buf, value)
		if bytes.IndexByte(c.buf[at+4:], 0) >= 0 {
			c.buf = append(c.buf[:at+4], bytes.ReplaceAll(c.buf[at+4:], []byte{0}, []byte("\ufffd"))...)
		}
		c.endText(at)
		return bsonString
	case 't', 'f':
		c.buf = append(c.buf, 0)
		if value[0] == 't' {
			c.buf[len(c.buf)-1] = 1
		}
		return bsonBool
	case 'n':
		return bsonNull
	}
	return c.number(string(value))
}

func (c *encoder) text(s string) byte {
	at := len(c.buf)
	c.buf = append(append(c.buf, 0, 0, 0, 0), s...)
	c.endText(at)
	return bsonString
}

func (c *encoder) endText(at int) {
	c.buf = append(c.buf, 0)
	binary.LittleEndian.PutUint32(c.buf[at:], uint32(len(c.buf)-at-4))
}

// number chooses a type as pymongo does, and text for what has none. (FerretDB
// cuts the connection at a NaN.)
func (c *encoder) number(s string) byte {
	if !strings.ContainsAny(s, ".eENI") {
		n, err := strconv.ParseInt(s, 10, 64)
		switch {
		case err != nil:
			return c.text(s)
		case n == int64(int32(n)):
			c.buf = binary.LittleEndian.AppendUint32(c.buf, uint32(n))
			return bsonInt32
		}
		c.buf = binary.LittleEndian.AppendUint64(c.buf, uint64(n))
		return bsonInt64
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return c.text(s)
	}
	c.buf = binary.LittleEndian.AppendUint64(c.buf, math.Float64bits(f))
	return bsonDouble
}
