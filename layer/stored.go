package layer

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// The limits of a description. One that exceeds them is neither stored nor read.
const (
	maxStored     = 4 << 10 // bytes of JSON
	maxAttributes = 64
	maxTemplate   = 256 // bytes of a label or a name
)

// stored is a Layer as records hold it in info.sonde.layer: the attributes are
// an object whose values are templates.
type stored struct {
	Group      string            `json:"group"`
	Kind       string            `json:"kind,omitempty"`
	Label      string            `json:"label,omitempty"`
	Span       string            `json:"span,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
}

// Stored returns the description of l as a record stores it, one JSON object:
//
//	{"group":"pulsar","label":"{pulsar.topic}","attributes":{"messaging.system":"pulsar"}}
//
// It fails if the Layer has no group, a reserved group (that of a layer of this
// module, or another member of info), more than 64 attributes, or a label or span
// name longer than 256 bytes, and if the description takes more than 4 KiB.
func (l *Layer) Stored() ([]byte, error) {
	switch {
	case l.Group == "":
		return nil, errors.New("layer: the layer has no group")
	case reserved(l.Group):
		return nil, fmt.Errorf("layer: the group %q is taken", l.Group)
	case len(l.Attributes) > maxAttributes:
		return nil, fmt.Errorf("layer: %d attributes, want at most %d", len(l.Attributes), maxAttributes)
	case max(len(l.Label), len(l.Span)) > maxTemplate:
		return nil, fmt.Errorf("layer: the label or the span's name is longer than %d bytes", maxTemplate)
	}
	s := stored{Group: l.Group, Kind: l.Kind.String(), Label: l.Label, Span: l.Span, Attributes: map[string]string{}}
	for _, a := range l.Attributes {
		s.Attributes[a.Name] = a.Value
	}
	b, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	if len(b) > maxStored {
		return nil, fmt.Errorf("layer: the description is %d bytes long, want at most %d", len(b), maxStored)
	}
	return b, nil
}

// Parse reads what [Layer.Stored] wrote. The text may be hostile: Parse fails for
// anything that Stored would not have written.
func Parse(description []byte) (*Layer, error) {
	if len(description) > maxStored {
		return nil, fmt.Errorf("layer: the description is longer than %d bytes", maxStored)
	}
	var s stored
	if err := json.Unmarshal(description, &s); err != nil {
		return nil, fmt.Errorf("layer: %w", err)
	}
	if s.Group == "" || reserved(s.Group) || len(s.Attributes) > maxAttributes || max(len(s.Label), len(s.Span)) > maxTemplate {
		return nil, fmt.Errorf("layer: not a description that Stored would have written, group %q", s.Group)
	}
	l := &Layer{Group: s.Group, Kind: ParseKind(s.Kind), Label: s.Label, Span: s.Span}
	for name, value := range s.Attributes {
		l.Attributes = append(l.Attributes, Attribute{Name: name, Value: value})
	}
	slices.SortFunc(l.Attributes, func(a, b Attribute) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return l, nil
}

// reserved reports whether layers of other modules must not use a group: the
// groups of this module, and the members of info that mean something else.
func reserved(group string) bool {
	switch group {
	case "host", "sonde", "etype", "message", "outcome", "links", "response", "otel":
		return true
	}
	return ByGroup(group) != nil
}
