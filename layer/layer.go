package layer

import "strings"

// Layer describes the points of one kind of instrumentation to those who read
// them. A Layer must not be changed once a point has been opened with it.
type Layer struct {
	// Group is the member of a record's info that the attributes of the layer's
	// points stand under, for instance "kafka". It is required, and a layer
	// outside this module must not take one of [All]'s.
	Group string

	// Kind is the kind of the layer's points, if all have the same. Unspecified:
	// each point says its own.
	Kind Kind

	// Label is the template, see [Expand], of what a line of a report shows
	// beside the point's name: "{kafka.topic}/{kafka.partition}". Empty: nothing.
	Label string

	// Span is the template of the name of OpenTelemetry's span. It should be
	// made of what has few values: a route, never a path. Empty: the point's
	// name.
	Span string

	// Attributes are what OpenTelemetry calls the members of the group. A
	// member that is not listed is exported under its own path.
	Attributes []Attribute
}

// Attribute is one attribute of OpenTelemetry.
type Attribute struct {
	// Name is OpenTelemetry's: "messaging.destination.name".
	Name string
	// Value is the path in info of a member, in braces, whose value the
	// attribute has with its type: "{kafka.topic}". Text without braces is the
	// value itself, the same for all points: "kafka".
	Value string

	format func(string) string // nil: as stored
}

// Member is the path of the member whose value the attribute has, and false if
// its value is the same for all points.
func (a *Attribute) Member() (path string, ok bool) {
	n := len(a.Value)
	if n < 2 || a.Value[0] != '{' || a.Value[n-1] != '}' {
		return "", false
	}
	return a.Value[1 : n-1], true
}

// Format returns what the attribute says for the stored text of its member. It
// is false if that is the stored text, whose JSON type then stays.
func (a *Attribute) Format(stored string) (text string, ok bool) {
	if a.format == nil {
		return stored, false
	}
	return a.format(stored), true
}

// Operation is what "{operation}" stands for in a layer's templates and
// attributes, which no record stores: the first word of a query in capitals;
// "send" for a message that is sent or requested, "process" for one that is
// handled. It is "" for a point that is neither.
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
