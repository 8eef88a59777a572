package header

// Signed are the values of the two headers of one request. More may be added:
// write it with the names of its fields.
type Signed struct {
	Info string // X-Trace-Info
	HMAC string // X-Trace-HMAC
}

// Carrier is where a request or a message keeps its headers, for instance a
// map. Names are given as X-Trace-Info and X-Trace-HMAC: on most buses case
// matters.
type Carrier interface {
	// Get returns the header called name, "" if there is none. Several values
	// are joined by commas, which no signature survives.
	Get(name string) string
	// Set replaces it.
	Set(name, value string)
}

// Read returns the headers that c has.
func Read(c Carrier) Signed { return Signed{Info: c.Get(InfoName), HMAC: c.Get(HMACName)} }

// Write puts s into c.
func (s Signed) Write(c Carrier) {
	c.Set(InfoName, s.Info)
	c.Set(HMACName, s.HMAC)
}
