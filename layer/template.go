package layer

import "strings"

// Expand replaces each {member} of a template with what get returns for that
// path: the text of the member of info, or "" if it is absent:
//
//	{requests.method} {requests.hostname}:{requests.port}{requests.path}
//
// Text outside braces belongs to the member after it, and is dropped with it if
// the member is empty; text after the last member of a word belongs to the word.
// Words are separated by spaces, and a word whose members are all empty is left
// out. An unclosed brace is text.
func Expand(template string, get func(member string) string) string {
	var out strings.Builder
	for word := range strings.SplitSeq(template, " ") {
		text := expandWord(word, get)
		if text == "" {
			continue
		}
		if out.Len() > 0 {
			out.WriteByte(' ')
		}
		out.WriteString(text)
	}
	return out.String()
}

func expandWord(word string, get func(member string) string) string {
	var b strings.Builder
	members, found := 0, false
	for {
		open := strings.IndexByte(word, '{')
		end := strings.IndexByte(word[max(open, 0):], '}')
		if open < 0 || end < 0 {
			break
		}
		members++
		if value := get(word[open+1 : open+end]); value != "" {
			found = true
			b.WriteString(word[:open])
			b.WriteString(value)
		}
		word = word[open+end+1:]
	}
	if members > 0 && !found {
		return ""
	}
	b.WriteString(word)
	return b.String()
}
