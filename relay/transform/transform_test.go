package transform

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/record"
)

// event is a record of the point "db" of the service "cart" of the project "shop".
func event(t testing.TB, info string) record.Event {
	t.Helper()
	e := record.New(record.Fields{
		Point: header.NewID(), Parent: header.NewID(), Trace: header.NewID(), Name: "db",
		Time: 1767323045000006000, Project: "shop", Service: "cart", Host: "host-a", Info: []byte(info),
	})
	text := strings.TrimSuffix(string(e.JSON()), "}") + `,"sonde":{"from":"9f3c5a0e12ab34cd","n":17}}`
	e, err := new(record.Decoder).Event([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func rules(t testing.TB, text string) *Rules {
	t.Helper()
	r, err := Parse("rules.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const usualInfo = `{"db":{"statement":"SELECT 1","params":["a",4111111111111111]},"user":{"Password":"p","name":"ann"},"http.request.header.cookie":"c=1","sonde":{"password":"x"},"host":"host-a"}`

func TestApply(t *testing.T) {
	for name, c := range map[string]struct {
		rules string
		info  string // "": usualInfo
		want  string // of info; "": dropped
		line  string // project service name
	}{
		"a key":             {rules: `[{redact: {keys: db.params}}]`, want: `{"db":{"statement":"SELECT 1","params":"***"},"user":{"Password":"p","name":"ann"},"http.request.header.cookie":"c=1","sonde":{"password":"x"},"host":"host-a"}`},
		"an object":         {rules: `[{redact: {keys: [db, user], with: ""}}]`, want: `{"db":"","user":"","http.request.header.cookie":"c=1","sonde":{"password":"x"},"host":"host-a"}`},
		"any depth":         {rules: `[{redact: {keys: "**.password"}}]`, want: `{"db":{"statement":"SELECT 1","params":["a",4111111111111111]},"user":{"Password":"***","name":"ann"},"http.request.header.cookie":"c=1","sonde":{"password":"x"},"host":"host-a"}`},
		"sonde if named":    {rules: `[{redact: {keys: "sonde.pass*"}}]`, want: strings.Replace(usualInfo, `"password":"x"`, `"password":"***"`, 1)},
		"everything":        {rules: `[{redact: {keys: "**"}}]`, want: `{"db":"***","user":"***","http.request.header.cookie":"***","sonde":{"password":"x"},"host":"host-a"}`},
		"a key with dots":   {rules: `[{redact: {keys: "http.**.cookie"}}]`, want: strings.Replace(usualInfo, `"c=1"`, `"***"`, 1)},
		"in a list":         {rules: `[{redact: {keys: "a.b"}}]`, info: `{"a":[{"b":1},[{"b":{"c":2}}]],"host":"h"}`, want: `{"a":[{"b":"***"},[{"b":"***"}]],"host":"h"}`},
		"a value":           {rules: `[{redact: {values: '[0-9]{13,19}', with: "#"}}]`, want: strings.Replace(usualInfo, `4111111111111111`, `"#"`, 1)},
		"a part of a value": {rules: `[{redact: {values: ['SELECT', '^ann$'], with: "$0"}}]`, want: strings.NewReplacer(`SELECT 1`, `$0 1`, `"ann"`, `"$0"`).Replace(usualInfo)},
		"an escaped value":  {rules: `[{redact: {values: 'é"'}}]`, info: `{"a":"x\u00e9\"y","host":"h"}`, want: `{"a":"x***y","host":"h"}`},
		"an escaped key":    {rules: `[{redact: {keys: 'é'}}]`, info: `{"\u00c9":1,"host":"h"}`, want: `{"\u00c9":"***","host":"h"}`},
		"the host's value":  {rules: `[{redact: {values: 'host-a', with: "h"}}]`, want: strings.Replace(usualInfo, "host-a", "h", 1)},
		"what is not there": {rules: `[{redact: {keys: [nothing, db.params.a], values: zzz}}]`, want: usualInfo},
		"too deep to see": {rules: `[{redact: {keys: nothing}}]`,
			info: strings.Repeat(`{"a":`, 66) + "1" + strings.Repeat("}", 66), want: strings.Repeat(`{"a":`, 65) + `"***"` + strings.Repeat("}", 65)},
		"a name":           {rules: `[{rename: {name: 'sq"l'}}]`, want: usualInfo, line: `shop cart sq"l`},
		"all names":        {rules: `[{when: {name: [x, "d*"]}, rename: {name: sql, service: till, project: mall}}]`, want: usualInfo, line: "mall till sql"},
		"in order":         {rules: `[{rename: {service: till}}, {when: {service: cart}, drop: true}, {when: {service: till}, rename: {name: sql}}]`, want: usualInfo, line: "shop till sql"},
		"dropped":          {rules: `[{when: {service: "c*t", project: shop, name: db}, drop: true}]`},
		"another service":  {rules: `[{when: {service: "c*d", name: db}, drop: true}]`, want: usualInfo},
		"added":            {rules: `[{add: {region: eu-1, n: 1.5, ok: true, "é": "é", user: 1}}]`, want: `{"region":"eu-1","n":1.5,"ok":true,"\u00e9":"\u00e9",` + usualInfo[1:]},
		"added to nothing": {rules: `[{add: {region: eu-1}}]`, info: `{}`, want: `{"region":"eu-1"}`},
	} {
		t.Run(name, func(t *testing.T) {
			if c.info == "" {
				c.info = usualInfo
			}
			if c.line == "" {
				c.line = "shop cart db"
			}
			e := event(t, c.info)
			before := string(e.JSON())
			keep := rules(t, "rules: "+c.rules).Apply(&e)
			if keep != (c.want != "") {
				t.Fatalf("kept: %v", keep)
			}
			if !keep {
				return
			}
			if string(e.Info()) != c.want {
				t.Errorf("info\n%s\nwant\n%s", e.Info(), c.want)
			}
			if line := strings.Join([]string{e.Project(), e.Service(), e.Name()}, " "); line != c.line {
				t.Errorf("%s, want %s", line, c.line)
			}
			if c.want == c.info && c.line == "shop cart db" && string(e.JSON()) != before {
				t.Errorf("%s\nbecame\n%s", before, e.JSON())
			}
			if !strings.HasSuffix(string(e.JSON()), `,"sonde":{"from":"9f3c5a0e12ab34cd","n":17}}`) {
				t.Errorf("the number is lost: %s", e.JSON())
			}
			again, err := new(record.Decoder).Event(e.JSON())
			if err != nil || again.Host() != e.Host() || again.Service() != e.Service() {
				t.Errorf("%s of %s is read as of %s: %v", e.JSON(), e.Host(), again.Host(), err)
			}
		})
	}
}

// TestConceal: what can be read is redacted whatever the conditions, and what cannot
// is not shown.
// TestFurtherMembers: what a record has beside its own members is redacted too, and kept
// by every change.
func TestFurtherMembers(t *testing.T) {
	text := `{"name":"db-start","base_id":"b","trace_id":"c","parent_id":"b","timestamp":"2026-01-02T03:04:05.000006","info":{"host":"h"},"project":"p","service":"s","token":"t0","x":{"card":"4111111111111111"},"y":1}`
	e, err := new(record.Decoder).Event([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	r := rules(t, `rules:
  - redact: {keys: [token], values: ['\d{16}']}
  - rename: {name: query}
  - add: {region: eu-1}
`)
	want := strings.NewReplacer(`"t0"`, `"***"`, "4111111111111111", "***", "db-", "query-", `{"host"`, `{"region":"eu-1","host"`).Replace(text)
	if !r.Apply(&e) || string(e.JSON()) != want {
		t.Errorf("%s\nwant\n%s", e.JSON(), want)
	}
}

func TestConceal(t *testing.T) {
	r := rules(t, `
rules:
  - when: {service: nobody}
    redact: {keys: ["user.password", "**.token"], values: [hunter2]}
`)
	for text, want := range map[string]string{
		`{"name":7,"info":{"user":{"password":"p"},"x":"a hunter2"},"token":"t"}`: `{"name":7,"info":{"user":{"password":"***"},"x":"a ***"},"token":"***"}`,
		` {"info" : [ {"token":1} ]} `:                                            `{"info":[{"token":"***"}]}`,
		`{"info":{"user":{"password":"p"`:                                         "",
		`["hunter2"]`:                                                             "",
		``:                                                                        "",
		`{} {}`:                                                                   "",
	} {
		got, ok := r.Conceal([]byte(text))
		if ok != (want != "") || string(got) != want {
			t.Errorf("%s: %s, %v, want %s", text, got, ok, want)
		}
	}
	if got, ok := rules(t, `rules: [{add: {a: 1}}]`).Conceal([]byte("hunter2")); !ok || string(got) != "hunter2" {
		t.Errorf("without redactions: %s, %v", got, ok)
	}
}

func TestExplain(t *testing.T) {
	r := rules(t, `
rules:
  - redact: {keys: [db.params, nothing]}
  - add: {region: eu-1}
  - when: {service: nobody}
    drop: true
  - rename: {name: sql}
  - when: {name: sql}
    drop: true
`)
	e := event(t, usualInfo)
	steps, keep := r.Explain(&e)
	got, _ := json.Marshal(steps)
	if want := `[{"Line":3,"What":"redacts 1 value"},{"Line":4,"What":"adds 1 key"},{"Line":7,"What":"renames the record"},{"Line":8,"What":"drops the record"}]`; string(got) != want || keep {
		t.Errorf("%s, %v", got, keep)
	}
	if r.Len() != 5 {
		t.Errorf("%d rules", r.Len())
	}
}

// TestErrors compares what is said of wrong files with testdata/*.txt.
func TestErrors(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Parse(filepath.Base(file), data)
		if err == nil {
			t.Errorf("%s is taken", file)
			continue
		}
		golden := strings.TrimSuffix(file, ".yaml") + ".txt"
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(golden, []byte(err.Error()+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, readErr := os.ReadFile(golden)
		if readErr != nil || err.Error()+"\n" != string(want) {
			t.Errorf("%s:\n%s\nwant\n%s%v", file, err, want, readErr)
		}
	}
}

func TestLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rules.yaml")
	if _, err := Load(path); err == nil {
		t.Error("a missing file is loaded")
	}
	if err := os.WriteFile(path, []byte("rules: [{add: {a: 1}}]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if r, err := Load(path); err != nil || r.Len() != 1 {
		t.Errorf("%v, %v", r, err)
	}
	if err := os.WriteFile(path, []byte("rules: []"+strings.Repeat("\n", maxFile)), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), "no file of rules") {
		t.Errorf("a huge file: %v", err)
	}
}

// FuzzParse: a file is read or refused with lines, and what was read leaves records.
func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.yaml")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, usualInfo)
	}
	f.Add([]byte("rules:\n  - redact: {keys: ['**.a.*', b], values: ['[0-9]+']}\n  - rename: {name: x}\n  - add: {a: 1}\n"), usualInfo)
	f.Fuzz(func(t *testing.T, data []byte, info string) {
		r, err := Parse("f", data)
		if err != nil {
			for line := range strings.Lines(err.Error()) {
				if !strings.HasPrefix(line, "f:") {
					t.Fatalf("no line in %q", line)
				}
			}
			return
		}
		if !json.Valid([]byte(info)) || !strings.HasPrefix(info, "{") {
			return
		}
		text := `{"name":"db-start","base_id":"b","trace_id":"a","parent_id":"b","timestamp":"2026-01-02T03:04:05.000006","info":` + strings.NewReplacer("\n", " ", "\r", " ").Replace(info) + `,"project":"p","service":"s"}`
		e, err := new(record.Decoder).Event([]byte(text))
		if err != nil {
			return
		}
		if r.Apply(&e) {
			if _, err := new(record.Decoder).Event(e.JSON()); err != nil {
				t.Fatalf("%s became %s: %v", text, e.JSON(), err)
			}
		}
		if hidden, ok := r.Conceal([]byte(text)); !ok || !json.Valid(hidden) {
			t.Fatalf("%s is concealed as %s", text, hidden)
		}
	})
}
