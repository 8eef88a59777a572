package layer

import "strings"

// Layer describes the points of one kind of instrumentation to their readers. A
// Layer must not be changed once a point has been opened with it.
type Layer struct {
	// Group is the member of a record's info that holds the attributes of the
	// layer's points, for instance "pulsar". It is required, and a layer outside
	// this module must not use one from [All].
	Group string

	// Kind is the kind of the layer's points, if all have the same. If it is
	// Unspecified, each point says its own.
	Kind Kind

	// Label is the template, see [Expand], of what a line of a report shows
	// beside the point's name: "{pulsar.topic}/{pulsar.partition}". If it is empty,
	// nothing is shown.
	Label string

	// Span is the template of the name of the OpenTelemetry span. It should use
	// only members of low cardinality: a route, never a path. If it is empty, the
	// span has the point's name.
	Span string

	// Attributes are OpenTelemetry's names for the members of the group. A
	// member that is not listed is exported under its own path.
	Attributes []Attribute
}

// Attribute is one attribute of OpenTelemetry.
type Attribute struct {
	// Name is OpenTelemetry's: "messaging.destination.name".
	Name string
	// Value is the path of a member of info in braces, such as "{pulsar.topic}":
	// the attribute takes that member's value and type. Text without braces is
	// the value itself, the same for all points: "pulsar".
	Value string

	format func(string) string // nil: as stored
}

// Member returns the path of the member that the attribute takes its value from,
// or false if the value is the same for all points.
func (a *Attribute) Member() (path string, ok bool) {
	n := len(a.Value)
	if n < 2 || a.Value[0] != '{' || a.Value[n-1] != '}' {
		return "", false
	}
	return a.Value[1 : n-1], true
}

// Format returns the attribute's value for the stored text of its member. It
// returns false if the stored value is to be used as it is, with its JSON type.
func (a *Attribute) Format(stored string) (text string, ok bool) {
	if a.format == nil {
		return stored, false
	}
	return a.format(stored), true
}

// Operation returns what "{operation}" stands for in a layer's templates and
// attributes; records do not store it. It is the first word of a query in
// capitals, "send" for a message that is sent or requested, "process" for one that
// is handled, and "" for any other point.
func (l *Layer) Operation(k Kind, statement string) string {
	if verb := strings.Fields(statement); len(verb) > 0 {
		return strings.ToUpper(verb[0])
	}
	if !l.isMessaging() {
		return ""
	}
	switch k {
	case Producer, Client:
		return "send"
	case Consumer, Server:
		return "process"
	}
	return ""
}

func (l *Layer) isMessaging() bool {
	for i := range l.Attributes {
		if l.Attributes[i].Name == "messaging.system" {
			return true
		}
	}
	return false
}
