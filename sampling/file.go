package sampling

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
)

// maxFile is how many bytes a file of rules may have.
const maxFile = 64 << 10

// readRules reads a file of rules. It returns its text too.
func readRules(path string) (rules []Rule, text string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, "", fmt.Errorf("sampling: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, "", fmt.Errorf("sampling: %w", err)
	}
	if text = string(b); len(b) > maxFile {
		return nil, text, errors.New("sampling: a file of rules is longer than 64 KiB")
	}
	rules, err = Parse(text)
	return rules, text, err
}

// reload takes over the rules of the file if its text has changed. A text that makes
// no sense is logged once, and the rules stay as they are.
func (s *Sampler) reload() {
	st := s.state.Load()
	if st.config.File == "" {
		return
	}
	rules, text, err := readRules(st.config.File)
	if err != nil && text == "" {
		text = err.Error()
	}
	if text == st.text {
		return
	}
	next := *st
	next.text = text
	level, message := slog.LevelInfo, "sonde: the rules of sampling have changed"
	if err == nil {
		next.rules = slices.Concat(rules, st.config.Rules)
		s.routes.reset(s.routes.limit())
		s.changes.Add(1)
	} else {
		level, message = slog.LevelError, "sonde: the rules of sampling stay as they are"
	}
	if !s.state.CompareAndSwap(st, &next) {
		return // Set was faster
	}
	attrs := []slog.Attr{slog.String("file", st.config.File)}
	if err != nil {
		attrs = append(attrs, slog.Any("error", err))
	}
	st.config.Logger.LogAttrs(context.Background(), level, message, attrs...)
}
