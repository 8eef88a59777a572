// Package gen writes types that trace another one: "sonde gen". For an interface, a
// struct or any other type with methods it writes a type that holds the original,
// opens a point around each method that takes a context, and passes the others on.
//
// What is written embeds the original, so methods, fields and unexported methods of
// other packages that it does not trace are those of the original, and a method that
// is added later is there at once, untraced until the code is generated again.
package gen

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"go/token"
	"os"
	"path/filepath"
	"slices"
)

// Config says what is generated.
type Config struct {
	Dir      string   // where patterns, files and errors are relative to; "": the working directory
	Patterns []string // packages as those of the go command; none: "."
	Tags     string   // build tags, with commas between them
	// Types are what is wrapped: names of types in the packages, or of another package
	// with its path, "database/sql.DB". None: the types with a directive.
	Types   []string
	Options Options // of Types
	// Output is the file that is written. "": repo_traced.go for what repo.go
	// declares, and db_traced.go for DB of another package.
	Output string
}

// File is what is generated.
type File struct {
	Path string
	Text []byte
}

// Error is one thing that is wrong, and where.
type Error struct {
	Pos  token.Position // Filename is relative to Config.Dir; "" if it is nowhere
	Text string
}

func (e *Error) Error() string {
	if e.Pos.Filename == "" {
		return e.Text
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.Pos.Filename, e.Pos.Line, e.Pos.Column, e.Text)
}

// Run generates files and writes those that change. Either all are written, or none
// and the error joins everything that is wrong.
func Run(ctx context.Context, c Config) error {
	files, err := Generate(ctx, c)
	if err != nil {
		return err
	}
	for _, f := range files {
		if old, err := os.ReadFile(f.Path); err == nil && bytes.Equal(old, f.Text) {
			continue
		}
		if err := os.WriteFile(f.Path, f.Text, 0o666); err != nil {
			return err
		}
	}
	return nil
}

// Generate returns the files in the order of their paths, and writes nothing. The
// same sources give the same files.
func Generate(ctx context.Context, c Config) ([]File, error) {
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return nil, err
	}
	c.Dir = dir
	if err := errors.Join(c.check()...); err != nil {
		return nil, err
	}
	l, err := load(ctx, c)
	if err != nil {
		return nil, err
	}
	targets, wrong := l.named(c)
	if len(c.Types) == 0 {
		targets, wrong = l.declared(c)
	}
	var files []File
	for _, group := range byOutput(targets) {
		if err := l.place(group[0]); err != nil {
			wrong = append(wrong, err)
			continue
		}
		text, faults := write(l, group)
		wrong = append(wrong, faults...)
		files = append(files, File{group[0].output, text})
	}
	if err := joined(wrong); err != nil {
		return nil, err
	}
	return files, nil
}

// check says what of a Config cannot be.
func (c *Config) check() (wrong []error) {
	if c.Options.As != "" && len(c.Types) != 1 {
		wrong = append(wrong, errors.New("--as names one type, so --type has to name one too"))
	}
	if c.Options != (Options{}) && len(c.Types) == 0 {
		wrong = append(wrong, errors.New("without --type the options are those of the //sonde:trace directives"))
	}
	if err := checkName(c.Options.Name); err != nil {
		wrong = append(wrong, fmt.Errorf("--name: %w", err))
	}
	if c.Options.As != "" {
		if err := checkAs(c.Options.As); err != nil {
			wrong = append(wrong, fmt.Errorf("--as: %w", err))
		}
	}
	return wrong
}

// byOutput groups the targets by the file that they are written to.
func byOutput(targets []*target) (groups [][]*target) {
	slices.SortStableFunc(targets, func(a, b *target) int { return cmp.Compare(a.output, b.output) })
	for i, t := range targets {
		if i == 0 || t.output != targets[i-1].output {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], t)
	}
	return groups
}

// joined is everything that is wrong, once and in the order of the files.
func joined(wrong []*Error) error {
	slices.SortStableFunc(wrong, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Pos.Filename, b.Pos.Filename), cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Column, b.Pos.Column))
	})
	var errs []error
	for i, e := range wrong {
		if i == 0 || *e != *wrong[i-1] {
			errs = append(errs, e)
		}
	}
	return errors.Join(errs...)
}
