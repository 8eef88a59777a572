package layer

// Kind is the role of a point in a call, as in OpenTelemetry.
type Kind uint8

// The kinds. A point of kind Unspecified does not say.
const (
	Unspecified Kind = iota
	Internal         // work of the program itself
	Server           // a request that came in and is answered
	Client           // a call that goes out and is answered
	Producer         // a message that is sent
	Consumer         // a message that is handled
)

var kindNames = [...]string{"", "internal", "server", "client", "producer", "consumer"}

// String returns the kind as records store it: "internal", "server", "client",
// "producer" or "consumer"; "" for Unspecified and for any other number.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return ""
}

// ParseKind returns the kind whose String is s, and Unspecified for any other
// text.
func ParseKind(s string) Kind {
	for k, name := range kindNames {
		if name == s {
			return Kind(k)
		}
	}
	return Unspecified
}
