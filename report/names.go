package report

import (
	"strings"

	"github.com/sonde-go/sonde/record"
)

// What many records share, looked up among the few that were used lately first.

// usedAgain moves a value that was found at i up by one place, so that those that are
// used most come to stand first.
func usedAgain[T any](lately []T, i int) {
	if i > 0 {
		lately[i-1], lately[i] = lately[i], lately[i-1]
	}
}

// used puts a value that was not found last, where a full list has what is used least.
func used[T any](lately []T, v T, most int) []T {
	if len(lately) < most {
		return append(lately, v)
	}
	lately[most-1] = v
	return lately
}

// name looks up a record's name, of which a trace has few.
func (b *builder) name(text string) *recordName {
	for i, name := range b.named {
		if name.text == text {
			usedAgain(b.named, i)
			return name
		}
	}
	name := b.names[text]
	if name == nil {
		name = b.newName(text)
	}
	b.named = used(b.named, name, 16)
	return name
}

func (b *builder) newName(text string) *recordName {
	name := &recordName{text: strings.Clone(text), stop: strings.HasSuffix(text, "stop")}
	var phase string
	name.point, phase, _ = strings.Cut(name.text, "-")
	name.usual = phase == "start" || phase == "stop"
	b.names[name.text] = name
	return name
}

// origin returns what points with this name and of this source share.
func (b *builder) origin(r *record.Record, name *recordName) *Origin {
	key := originKey{name: name.point}
	key.project = key.text(r.Project, nullProject)
	key.service = key.text(r.Service, nullService)
	key.host = key.text(r.Host, nullHost)
	for i, o := range b.recent {
		if o.Name == key.name && o.Service == key.service && o.Host == key.host && o.Project == key.project && o.nulls == key.nulls {
			usedAgain(b.recent, i)
			return o
		}
	}
	o := b.origins[key]
	if o == nil {
		o = b.newOrigin(key)
	}
	b.recent = used(b.recent, o, 8)
	return o
}

func (b *builder) newOrigin(key originKey) *Origin {
	if b.origins == nil {
		b.origins = map[originKey]*Origin{}
	}
	key.project, key.service, key.host = strings.Clone(key.project), strings.Clone(key.service), strings.Clone(key.host)
	stat := b.statOf(key.name)
	o := &Origin{Name: key.name, Project: key.project, Service: key.service, Host: key.host, nulls: key.nulls, stat: stat, report: b.Report}
	b.origins[key] = o
	return o
}

// statOf returns the place of a name in Stats.
func (b *builder) statOf(name string) int32 {
	stat, ok := b.stats[name]
	if !ok {
		stat = int32(len(b.Stats))
		b.stats[name] = stat
		b.Stats = append(b.Stats, Stat{Name: name})
	}
	return stat
}

func (k *originKey) text(text *string, null uint8) string {
	if text == nil {
		k.nulls |= null
		return ""
	}
	return *text
}
