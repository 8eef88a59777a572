package sqlpoint

import (
	"log/slog"

	"github.com/sonde-go/sonde/internal/recent"
	"github.com/sonde-go/sonde/internal/sqltext"
	"github.com/sonde-go/sonde/profiler"
)

// Statements caches what is recorded about the statements that a program runs,
// which are few. It is safe for concurrent use once its fields are set.
type Statements struct {
	Dialect  sqltext.Dialect
	Literals bool // are recorded

	cache recent.Cache[statement]
}

// statement is what is recorded about a text.
type statement struct {
	hash  uint64
	hides bool              // the text has literals or comments
	shown profiler.Numbered // "statement", if it differs "fingerprint", and "args_hash"
}

func (s *Statements) of(text string) *statement {
	hash := recent.Hash(text)
	if known := s.cache.Get(hash, text); known != nil {
		return known
	}
	return s.cache.Put(hash, text, s.read(hash, text))
}

func (s *Statements) read(hash uint64, text string) statement {
	hidden := sqltext.WithoutLiterals(text, s.Dialect)
	shown := hidden
	if s.Literals {
		shown = text
	}
	attrs := []slog.Attr{slog.String("statement", shown)}
	if fingerprint := sqltext.Fingerprint(text, s.Dialect); fingerprint != shown {
		attrs = append(attrs, slog.String("fingerprint", fingerprint))
	}
	return statement{hash, hidden != text, profiler.EncodeNumbered("args_hash", attrs...)}
}

// columns are the names of the columns that the arguments of text belong to.
func (s *Statements) columns(text string) []string { return sqltext.Columns(text, s.Dialect) }
