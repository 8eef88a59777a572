package servertest

import (
	"path/filepath"
	"testing"
)

// ZincSearch starts a stand-in for Elasticsearch: a search engine behind
// Elasticsearch's URLs at http://Addr/. Real are index templates, _bulk, term,
// terms, match, prefix, bool and range queries, sort, _source, terms
// aggregations, delete_by_query, indexes by wildcard and scroll.
// It ignores search_after, collapse, composite and top_hits, answers 400 for a
// missing index, does not refuse a second create, and shows a document up to
// 2.5 seconds after it was written even when asked to refresh.
func ZincSearch(t testing.TB) *Server {
	t.Helper()
	path := built(t, "zincsearch", ".")
	dir := t.TempDir()
	port := freePort(t)
	return start(t, dir, port, spec{
		name: "zincsearch",
		path: path,
		args: []string{"-addr", loopback(port)},
		env: []string{
			"ZINC_DATA_PATH=" + filepath.Join(dir, "data"),
			"ZINC_ENABLE_TEXT_KEYWORD_MAPPING=true",
			"ZINC_SHARD_NUM=1",
			"ZINC_WAL_SYNC_INTERVAL=10ms",
			"ZINC_PROFILER=false",
			// Both would call the outside world.
			"ZINC_SENTRY=false",
			"ZINC_TELEMETRY=false",
		},
		ready: func(s *Server) error { return httpOK("http://" + s.Addr + "/") },
	})
}
