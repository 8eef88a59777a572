package servertest

import (
	"os"
	"path/filepath"
	"testing"
)

// FerretDB starts a server that speaks MongoDB's wire protocol and keeps its
// data in the database "test" of the given PostgreSQL server, or without one in
// SQLite files. It asks for no password. It lacks TTL indexes, $group with
// $first or $min, transactions and change streams, refuses keys that hold a dot
// or begin with a dollar sign, and on SQLite it reads the whole collection for
// each query.
func FerretDB(t testing.TB, postgres *Server) *Server {
	t.Helper()
	path := built(t, "ferretdb", ".")
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o755); err != nil {
		t.Fatal(err)
	}
	store := []string{"-sqlite", "file:" + data + "/"}
	if postgres != nil {
		store = []string{"-postgres", "postgres://postgres@" + postgres.Addr + "/test"}
	}
	port := freePort(t)
	return start(t, dir, port, spec{
		name:  "ferretdb",
		path:  path,
		args:  append([]string{"-addr", loopback(port)}, store...),
		ready: func(s *Server) error { return talk(s.Addr, "", nil) },
	})
}
