package sqlpoint

import (
	"database/sql/driver"
	"errors"
	"testing"
)

type pgError struct{ Detail, Where, TableName, text string }

func (e *pgError) Error() string { return e.text }

func TestHide(t *testing.T) {
	c := &Config{}
	for _, test := range []struct {
		query string
		args  []driver.Value
		text  string
		want  string
	}{
		{"", []driver.Value{"bob@example.com"}, "Duplicate entry 'bob@example.com' for key 'users.email'", "Duplicate entry '?' for key 'users.email'"},
		{"", []driver.Value{"bob", int64(7)}, "Duplicate entry 'bob-7' for key 'bobs.7up'", "Duplicate entry '?-?' for key 'bobs.7up'"},
		{"", []driver.Value{"a", "bc"}, "Key (a, b)=(a, bc) already exists in a", "Key (a, b)=(?, ?) already exists in a"},
		{"", []driver.Value{"bob"}, "bob is not quoted, \"bob\" and `bob` are", "bob is not quoted, \"?\" and `?` are"},
		{"", []driver.Value{"users"}, "no such table: users", "no such table: ?"},
		{"", []driver.Value{[]byte("hunter2"), int64(12345), 1.25, nil, true}, "hunter2 12345 1.25 true", "? ? ? true"},
		{"SET PASSWORD = 'o''brien'", nil, "near o'brien and o''brien", "near ? and ?"},
		{"SELECT 'x', 2024", nil, `invalid "x" at 2024`, `invalid "?" at ?`},
		{"", []driver.Value{"a-very-long-secret-value"}, "value a-very-long-sec... is too long", "value ?... is too long"},
		{"", []driver.Value{""}, "it's empty", "it's empty"},
		{"", nil, "an 'unclosed quote", "an 'unclosed quote"},
	} {
		g := Given{Query: test.query}
		for _, v := range test.args {
			g.Args = append(g.Args, driver.NamedValue{Value: v})
		}
		if got := c.hide(g, errors.New(test.text))(test.text); got != test.want {
			t.Errorf("%q\n got  %q\n want %q", test.text, got, test.want)
		}
	}
	err := &pgError{Detail: "Failing row contains (1, x).", Where: "SQL function f", text: "no: Failing row contains (1, x). SQL function f."}
	if got := c.hide(Given{}, err)(err.text); got != "no:  ." {
		t.Errorf("detail: %q", got)
	}
	for _, test := range []struct {
		err  error
		want string
	}{
		{&pgError{TableName: "goods", text: `value "x" of relation "goods" is (n)=(7), not 'y`}, `value "?" is (n)=(?), not 'y`},
		{errors.New(`a "" b "c`), `a "" b "c`},
		{errors.New(`'a''b' "c"`), `'?' "?"`},
		{errors.New(`can't parse "a"b" or 'c'`), `can't parse "?" or '?'`},
		{&pgError{TableName: "goods", text: `in "goods": "a"goods"`}, `in "goods": "?"`},
	} {
		if got := c.hide(Given{Opaque: true}, test.err)(test.err.Error()); got != test.want {
			t.Errorf("opaque\n got  %s\n want %s", got, test.want)
		}
	}
	const unable = "failed to encode args[0]: unable to encode []string{\"x into \"} into binary format for int4 (OID 23): cannot find encode plan"
	if got := c.hide(Given{}, errors.New(unable))(unable); got != "failed to encode args[0]: unable to encode ? into binary format for int4 (OID 23): cannot find encode plan" {
		t.Errorf("unencoded: %s", got)
	}
	c.Statements.Literals = true
	if c.hide(Given{}, err) != nil {
		t.Error("WithLiterals hides something")
	}
}

func FuzzHide(f *testing.F) {
	f.Add("Duplicate entry 'bob' for key", "bob")
	f.Add("=(a)=(", "a")
	f.Fuzz(func(t *testing.T, text, value string) {
		c := &Config{}
		g := Given{Args: []driver.NamedValue{{Value: value}}}
		c.hide(g, errors.New(text))(text)
		g.Opaque = true
		c.hide(g, errors.New(text))(text)
	})
}
