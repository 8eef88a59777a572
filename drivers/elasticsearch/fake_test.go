package elasticsearch

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"

	"github.com/sonde-go/sonde/internal/jsontext"
)

// fake is no Elasticsearch but a stand-in of ours, made from its public
// documentation. It knows the few requests of this driver and refuses all
// others, and the rules on types of the version that it plays.
type fake struct {
	*httptest.Server
	version      string // "8.15.0"
	major        int    // as Elasticsearch counts: OpenSearch 1 is 7, later ones are 8
	distribution string

	mu       sync.Mutex
	indexes  map[string]*fakeIndex
	scrolls  map[string]*fakeScroll
	next     int
	requests []string                                  // METHOD path?query body
	password string                                    // of user "root"; "" for none
	refuse   func(r *http.Request, body []byte) int    // a status for a request, 0 to go on
	refuseOf func(doc []byte) (status int, why string) // the same for one document
	problems []string

	stopAt func(doc []byte) bool // a bulk request is worked off up to such a document, and says so
	page   string                // in place of the answer to a bulk request
	told   func(doc []byte) bool // whether the answer has an item for a document; nil: always
}

type fakeIndex struct {
	kind string // the type of its documents
	text bool   // base_id is analysed text, as Elasticsearch makes it of itself
	ids  []string
	docs map[string]*fakeDoc
}

type fakeDoc struct {
	text []byte
	base string
	time string // what Elasticsearch keeps of the timestamp
}

type fakeScroll struct {
	hits []fakeHit
	size int
}

type fakeHit struct {
	head string // of its JSON, up to the document
	doc  []byte
	time string
}

func newFake(t *testing.T, version string) *fake {
	t.Helper()
	f := &fake{version: version, indexes: map[string]*fakeIndex{}, scrolls: map[string]*fakeScroll{}}
	if number, ok := strings.CutPrefix(version, "opensearch "); ok {
		f.distribution, f.version = "opensearch", number
		fmt.Sscan(number, &f.major)
		f.major = min(f.major+6, 8)
	} else {
		fmt.Sscan(version, &f.major)
	}
	f.Server = httptest.NewServer(f)
	t.Cleanup(func() {
		f.Close()
		for _, p := range f.problems {
			t.Error(p)
		}
		if len(f.scrolls) > 0 {
			t.Errorf("%d scrolls were left open", len(f.scrolls))
		}
	})
	return f
}

func (f *fake) url() string { return "elasticsearch://" + f.Listener.Addr().String() }

// take returns the requests so far.
func (f *fake) take() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	requests := f.requests
	f.requests = nil
	return requests
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests = append(f.requests, strings.TrimSpace(r.Method+" "+r.URL.RequestURI()+" "+string(body)))
	status, reply := f.answer(r, body)
	if strings.HasSuffix(r.URL.Path, "/_bulk") && f.page != "" {
		reply = f.page
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, reply)
}

func failure(status int, kind, reason string) (int, string) {
	return status, fmt.Sprintf(`{"error":{"root_cause":[],"type":%q,"reason":%q},"status":%d}`, kind, reason, status)
}

func (f *fake) answer(r *http.Request, body []byte) (int, string) {
	if f.password != "" {
		if user, password, _ := r.BasicAuth(); user != "root" || password != f.password {
			return failure(401, "security_exception", "unable to authenticate user [root] for REST request [/]")
		}
	}
	if f.refuse != nil {
		if status := f.refuse(r, body); status != 0 {
			return failure(status, "made_up_exception", "the test says so")
		}
	}
	if len(body) > 0 {
		want := "application/json"
		if strings.HasSuffix(r.URL.Path, "/_bulk") {
			want = "application/x-ndjson"
		}
		if got := r.Header.Get("Content-Type"); got != want {
			return failure(406, "", "Content-Type header ["+got+"] is not supported")
		}
	}
	parts := strings.Split(strings.Trim(r.URL.EscapedPath(), "/"), "/")
	for i := range parts {
		parts[i], _ = url.PathUnescape(parts[i])
	}
	last := parts[len(parts)-1]
	switch at := r.Method + " " + last; {
	case r.URL.Path == "/" && r.Method == "GET":
		return 200, fmt.Sprintf(`{"name":"n","version":{"distribution":%q,"number":%q},"tagline":"You Know, for Search"}`, f.distribution, f.version)
	case r.URL.Path == "/_search/scroll":
		return f.scroll(r.Method, body)
	case at == "POST _bulk" && len(parts) == 2:
		return f.bulk(parts[0], "", body)
	case at == "POST _bulk" && len(parts) == 3 && f.major <= 7:
		return f.bulk(parts[0], parts[1], body)
	case at == "POST _search" && len(parts) == 2:
		return f.search(parts[0], r, body)
	case at == "POST _refresh" && len(parts) == 2:
		if f.indexes[parts[0]] == nil {
			return f.missing(parts[0])
		}
		return 200, `{"_shards":{}}`
	case r.Method == "HEAD" && len(parts) == 1:
		if f.indexes[last] == nil {
			return 404, ""
		}
		return 200, ""
	case r.Method == "PUT" && len(parts) == 1:
		return f.create(last, r.URL.RawQuery, body)
	}
	f.problems = append(f.problems, "Elasticsearch "+f.version+" knows no "+r.Method+" "+r.URL.RequestURI())
	return failure(405, "", "no handler found for uri")
}

func (f *fake) missing(index string) (int, string) {
	return failure(404, "index_not_found_exception", "no such index ["+index+"]")
}

func (f *fake) create(index, query string, body []byte) (int, string) {
	if f.indexes[index] != nil {
		return failure(400, "resource_already_exists_exception", "index ["+index+"] already exists")
	}
	var request struct{ Mappings map[string]json.RawMessage }
	if err := strict(body, &request); err != nil {
		return failure(400, "parse_exception", err.Error())
	}
	kind := "_doc"
	mapping := request.Mappings
	switch {
	case query != "" && (f.major != 7 || query != "include_type_name=true"):
		return failure(400, "illegal_argument_exception", "request contains unrecognized parameter: "+query)
	case f.major <= 6, query != "":
		if len(mapping) != 1 {
			return failure(400, "mapper_parsing_exception", "Root mapping definition has unsupported parameters")
		}
		for kind = range request.Mappings {
			mapping = nil
			_ = json.Unmarshal(request.Mappings[kind], &mapping)
		}
	}
	for key := range mapping {
		if key != "properties" && key != "dynamic" {
			return failure(400, "mapper_parsing_exception", "Root mapping definition has unsupported parameters: ["+key+"]")
		}
	}
	base := jsontext.Get(mapping["properties"], "base_id", "type")
	f.indexes[index] = &fakeIndex{kind: kind, text: string(base) != `"keyword"`, docs: map[string]*fakeDoc{}}
	return 200, `{"acknowledged":true}`
}

func strict(body []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

type fakeMeta struct {
	Index string `json:"_index"`
	Type  string `json:"_type"`
	ID    string `json:"_id"`
}

func (f *fake) bulk(index, kind string, body []byte) (int, string) {
	if !bytes.HasSuffix(body, []byte("\n")) {
		return failure(400, "illegal_argument_exception", "The bulk request must be terminated by a newline [\\n]")
	}
	lines := bytes.Split(bytes.TrimSuffix(body, []byte("\n")), []byte("\n"))
	var items []string
	failed := false
	for len(lines) > 0 {
		var action struct{ Index, Delete *fakeMeta }
		if err := strict(lines[0], &action); err != nil {
			return failure(400, "illegal_argument_exception", err.Error())
		}
		lines = lines[1:]
		name, meta := "delete", action.Delete
		if meta == nil {
			name, meta = "index", action.Index
		}
		if meta.Type == "" {
			meta.Type = kind
		}
		if f.major <= 6 && meta.Type == "" {
			return failure(400, "action_request_validation_exception", "Validation Failed: 1: type is missing;")
		}
		if f.major >= 8 && meta.Type != "" {
			return failure(400, "illegal_argument_exception", "Action/metadata line [1] contains an unknown parameter [_type]")
		}
		if meta.Index == "" {
			meta.Index = index
		}
		var doc []byte
		if name == "index" {
			doc, lines = lines[0], lines[1:]
		}
		if f.stopAt != nil && f.stopAt(doc) {
			return 200, fmt.Sprintf(`{"took":1,"errors":true,"error":"cannot parse\nit","items":[%s]}`, strings.Join(items, ","))
		}
		status, why := f.apply(meta, doc)
		if f.told != nil && !f.told(doc) {
			continue
		}
		item := fmt.Sprintf(`{%q:{"_id":%q,"status":%d`, name, meta.ID, status)
		if status/100 != 2 {
			failed = failed || name == "index"
			item += fmt.Sprintf(`,"error":{"type":"made_up_exception","reason":%q}`, why)
		}
		items = append(items, item+"}}")
	}
	return 200, fmt.Sprintf(`{"took":1,"errors":%t,"items":[%s]}`, failed, strings.Join(items, ","))
}

// apply indexes a document, or deletes one if doc is nil.
func (f *fake) apply(meta *fakeMeta, doc []byte) (status int, why string) {
	ix := f.indexes[meta.Index]
	if doc == nil {
		if ix == nil || ix.docs[meta.ID] == nil {
			return 404, "not found"
		}
		delete(ix.docs, meta.ID)
		ix.ids = slices.DeleteFunc(ix.ids, func(id string) bool { return id == meta.ID })
		return 200, ""
	}
	if f.refuseOf != nil {
		if status, why := f.refuseOf(doc); status != 0 {
			return status, why
		}
	}
	if !json.Valid(doc) {
		return 400, "failed to parse"
	}
	if ix == nil {
		kind := meta.Type
		if kind == "" {
			kind = "_doc"
		}
		ix = &fakeIndex{kind: kind, text: true, docs: map[string]*fakeDoc{}}
		f.indexes[meta.Index] = ix
	}
	if meta.Type != "" && meta.Type != ix.kind {
		return 400, "Rejecting mapping update to [" + meta.Index + "] as the final mapping would have more than 1 type"
	}
	if ix.docs[meta.ID] == nil {
		ix.ids = append(ix.ids, meta.ID)
		status = 201
	}
	base, _ := jsontext.Text(jsontext.Get(doc, "base_id"))
	timestamp, _ := jsontext.Text(jsontext.Get(doc, "timestamp"))
	ix.docs[meta.ID] = &fakeDoc{doc, base, milliseconds(timestamp)}
	return max(status, 200), ""
}

type fakeQuery struct {
	MatchAll *struct{} `json:"match_all"`
	Bool     *struct {
		Should []struct {
			Term        *fakeTerm
			MatchPhrase *fakeTerm `json:"match_phrase"`
		}
	}
}

type fakeTerm struct {
	BaseID *string `json:"base_id"`
}

func (f *fake) search(index string, r *http.Request, body []byte) (int, string) {
	var request struct {
		Query  fakeQuery
		Sort   json.RawMessage
		Source []string `json:"_source"`
	}
	if err := strict(body, &request); err != nil {
		return failure(400, "parsing_exception", err.Error())
	}
	ix := f.indexes[index]
	if ix == nil {
		return f.missing(index)
	}
	var size int
	fmt.Sscan(r.URL.Query().Get("size"), &size)
	byTime := string(request.Sort) == `[{"timestamp":{"order":"asc","unmapped_type":"date"}},"_doc"]`
	if size < 1 || size > 10000 || r.URL.Query().Get("scroll") == "" || !byTime && string(request.Sort) != `["_doc"]` {
		return failure(400, "illegal_argument_exception", "bad search")
	}
	s := &fakeScroll{size: size}
	for _, id := range ix.ids {
		doc := ix.docs[id]
		if !ix.matches(&request.Query, doc.base) {
			continue
		}
		kind := fmt.Sprintf(`"_type":%q,`, ix.kind)
		if f.major >= 8 {
			kind = ""
		}
		head := fmt.Sprintf(`{"_index":%q,%s"_id":%q,"_score":null,"sort":[0],"_source":`, index, kind, id)
		s.hits = append(s.hits, fakeHit{head, only(doc.text, request.Source), doc.time})
	}
	if byTime {
		slices.SortStableFunc(s.hits, func(a, b fakeHit) int { return cmp.Compare(a.time, b.time) })
	}
	f.next++
	id := fmt.Sprintf("scroll-%d", f.next)
	f.scrolls[id] = s
	return 200, s.page(id)
}

// matches searches keywords whole, and text by its words in lower case.
func (ix *fakeIndex) matches(q *fakeQuery, stored string) bool {
	if q.MatchAll != nil {
		return true
	}
	for _, s := range q.Bool.Should {
		switch {
		case s.Term != nil && ix.text:
			if slices.Contains(words(stored), *s.Term.BaseID) {
				return true
			}
		case s.MatchPhrase != nil && ix.text:
			phrase := words(*s.MatchPhrase.BaseID)
			if len(phrase) > 0 && strings.Contains(" "+strings.Join(words(stored), " ")+" ", " "+strings.Join(phrase, " ")+" ") {
				return true
			}
		case s.Term != nil && *s.Term.BaseID == stored, s.MatchPhrase != nil && *s.MatchPhrase.BaseID == stored:
			return true
		}
	}
	return false
}

func words(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' })
}

func only(doc []byte, fields []string) []byte {
	if fields == nil {
		return doc
	}
	out := []byte("{")
	jsontext.Members(doc, func(key, value []byte) bool {
		if name, _ := jsontext.Text(key); slices.Contains(fields, name) {
			if len(out) > 1 {
				out = append(out, ',')
			}
			out = append(append(append(out, key...), ':'), value...)
		}
		return true
	})
	return append(out, '}')
}

func (s *fakeScroll) page(id string) string {
	n := min(s.size, len(s.hits))
	texts := make([]string, n)
	for i, h := range s.hits[:n] {
		texts[i] = h.head + string(h.doc) + "}"
	}
	hits := strings.Join(texts, ",")
	s.hits = s.hits[n:]
	return fmt.Sprintf(`{"_scroll_id":%q,"took":1,"timed_out":false,"hits":{"total":{"value":1},"hits":[%s]}}`, id, hits)
}

func (f *fake) scroll(method string, body []byte) (int, string) {
	var request struct {
		Scroll string
		ID     string `json:"scroll_id"`
	}
	if err := strict(body, &request); err != nil {
		return failure(400, "parsing_exception", err.Error())
	}
	s := f.scrolls[request.ID]
	switch {
	case s == nil:
		return failure(404, "search_phase_execution_exception", "all shards failed")
	case method == "DELETE" && request.Scroll == "":
		delete(f.scrolls, request.ID)
		return 200, `{"succeeded":true,"num_freed":1}`
	case method == "POST" && request.Scroll != "":
		return 200, s.page(request.ID)
	}
	return failure(405, "", "bad scroll")
}
