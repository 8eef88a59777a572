package header

// Signed holds the values of the two headers of one request, and of what is sent
// beside them. Fields may be added, so composite literals should name them.
type Signed struct {
	Info string // X-Trace-Info
	HMAC string // X-Trace-HMAC
	// TraceParent is the header traceparent, if one is sent beside the two; see
	// [TraceParent]. It is not signed, and [Read] does not read it.
	TraceParent string
}

// Carrier is where a request or a message keeps its headers, for instance a
// map. It is always asked for X-Trace-Info, X-Trace-HMAC and traceparent in this
// spelling, since on most buses case matters.
type Carrier interface {
	// Get returns the header called name, or "" if there is none. Several values
	// are joined with commas, and so never have a valid signature.
	Get(name string) string
	// Set replaces the header called name.
	Set(name, value string)
}

// Deleter may be implemented by a [Carrier], as [net/http.Header] does.
type Deleter interface {
	// Del removes the header called name, if it is there.
	Del(name string)
}

// Remove removes the two headers from c: it deletes them if c is a [Deleter];
// otherwise it sets those that are present to "", which counts as absent.
func Remove(c Carrier) {
	d, deletes := c.(Deleter)
	for _, name := range [...]string{InfoName, HMACName} {
		switch {
		case deletes:
			d.Del(name)
		case c.Get(name) != "":
			c.Set(name, "")
		}
	}
}

// Read returns the two headers of c; a missing one is "".
func Read(c Carrier) Signed { return Signed{Info: c.Get(InfoName), HMAC: c.Get(HMACName)} }

// Write sets the two headers of c to s, and traceparent where s has one that
// [Signed.Replaces] what is there.
func (s Signed) Write(c Carrier) {
	c.Set(InfoName, s.Info)
	c.Set(HMACName, s.HMAC)
	if s.TraceParent != "" && s.Replaces(c.Get(TraceParentName)) {
		c.Set(TraceParentName, s.TraceParent)
	}
}
