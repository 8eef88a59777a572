package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// brew is a command of somebody's own.
type brew struct {
	Type  string `help:"What to brew." required:""`
	Grams int    `short:"g" default:"3"`
	Milk  bool   `default:"true" negatable:""`

	got string
}

func (*brew) Help() string { return "Water is not included." }

func (b *brew) Run(ctx context.Context) error {
	b.got = fmt.Sprint(b.Type, " ", b.Grams, " ", ctx.Err())
	if !b.Milk {
		b.got += " black"
	}
	switch b.Type {
	case "coffee":
		return errors.Join(errors.New("418"), errors.New("I'm a teapot\nindeed"))
	case "soup":
		return fmt.Errorf("%w and %w", errors.New("salt"), errors.New("pepper"))
	}
	return nil
}

func TestWithCommand(t *testing.T) {
	for _, tt := range []struct {
		args        string
		code        int
		got, errors string
	}{
		{"brew --type tea", exitFine, "tea 3 <nil>", ""},
		{"brew -type tea -g 5", exitFine, "tea 5 <nil>", ""},
		{"brew -type=tea --grams=4", exitFine, "tea 4 <nil>", ""},
		{"brew -type tea -no-milk", exitFine, "tea 3 <nil> black", ""},
		{"brew", exitUsage, "", "sonde: missing flags: --type=STRING"},
		{"brew -typ tea", exitUsage, "", "sonde: unknown flag -t"},
		{"brew --type coffee", exitFailed, "coffee 3 <nil>", "sonde: 418\nsonde: I'm a teapot indeed"},
		{"brew --type soup", exitFailed, "soup 3 <nil>", "sonde: salt and pepper"},
	} {
		var said strings.Builder
		var own brew
		code := run(t.Context(), strings.Fields(tt.args), streams{strings.NewReader(""), io.Discard, &said}, WithCommand("brew", "Brew.", &own))
		if code != tt.code || own.got != tt.got || !strings.HasPrefix(said.String(), tt.errors) || said.Len() > 0 && tt.errors == "" {
			t.Errorf("%s: %d, %q, said %q", tt.args, code, own.got, said.String())
		}
	}

	var help strings.Builder
	_ = run(t.Context(), []string{"brew", "--help"}, streams{strings.NewReader(""), &help, io.Discard}, WithCommand("brew", "Brew.", &brew{}))
	for _, want := range []string{"Brew.", "Water is not included.", "--type=STRING"} {
		if !strings.Contains(help.String(), want) {
			t.Errorf("the help does not say %q:\n%s", want, help.String())
		}
	}
}

func TestWithCommandTwice(t *testing.T) {
	defer func() {
		if got := recover(); got != `cli: there are two commands "trace"` {
			t.Errorf("panic: %v", got)
		}
	}()
	_ = run(t.Context(), []string{"--help"}, streams{strings.NewReader(""), io.Discard, io.Discard}, WithCommand("trace", "", &brew{}))
}
