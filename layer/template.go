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
	return string(AppendExpanded(nil, template, func(b []byte, member string) []byte { return append(b, get(member)...) }))
}

// AppendExpanded appends what [Expand] returns; get appends the text of a member.
func AppendExpanded(b []byte, template string, get func(b []byte, member string) []byte) []byte {
	from := len(b)
	for word := range strings.SplitSeq(template, " ") {
		before := len(b)
		if before > from {
			b = append(b, ' ')
		}
		text := len(b)
		if b = appendWord(b, word, get); len(b) == text {
			b = b[:before]
		}
	}
	return b
}

func appendWord(b []byte, word string, get func(b []byte, member string) []byte) []byte {
	from := len(b)
	members, found := 0, false
	for {
		open := strings.IndexByte(word, '{')
		end := strings.IndexByte(word[max(open, 0):], '}')
		if open < 0 || end < 0 {
			break
		}
		members++
		before := len(b)
		b = append(b, word[:open]...)
		text := len(b)
		if b = get(b, word[open+1:open+end]); len(b) == text {
			b = b[:before]
		} else {
			found = true
		}
		word = word[open+end+1:]
	}
	if members > 0 && !found {
		return b[:from]
	}
	return append(b, word...)
}
