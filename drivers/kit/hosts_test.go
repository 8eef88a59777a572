package kit

import (
	"reflect"
	"strings"
	"testing"
)

func TestParseHosts(t *testing.T) {
	for text, want := range map[string][]Host{
		"":                       {{Addr: "localhost:5672"}},
		":1":                     {{Addr: "localhost:1"}},
		"u:p,q@a,b":              {{Addr: "a:5672", User: "u", Password: "p,q", HasUser: true, HasPassword: true}, {Addr: "b:5672"}},
		"host":                   {{Addr: "host:5672"}},
		"host:1":                 {{Addr: "host:1"}},
		"[::1]":                  {{Addr: "[::1]:5672"}},
		"[::1]:7":                {{Addr: "[::1]:7"}},
		"u:p@host":               {{Addr: "host:5672", User: "u", Password: "p", HasUser: true, HasPassword: true}},
		"token@host":             {{Addr: "host:5672", User: "token", HasUser: true}},
		":@host":                 {{Addr: "host:5672", HasUser: true, HasPassword: true}},
		"u%40:p%2F%3A%25@host:9": {{Addr: "host:9", User: "u@", Password: "p/:%", HasUser: true, HasPassword: true}},
		"u:p@a,b:2,v:q@c": {{Addr: "a:5672", User: "u", Password: "p", HasUser: true, HasPassword: true}, {Addr: "b:2"},
			{Addr: "c:5672", User: "v", Password: "q", HasUser: true, HasPassword: true}},
	} {
		got, err := ParseHosts(text, "5672")
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("ParseHosts(%q) = %+v, %v, want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"u:hunter2@", "u:hunter2", "host:0", "host:65536", "::1", "[::1", "a b", "u:hunter2%zz@host", "[a]b]:1", "[[a]]"} {
		if got, err := ParseHosts(text, "5672"); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("ParseHosts(%q) = %+v, %v, want an error", text, got, err)
		}
	}
}

func FuzzParseHosts(f *testing.F) {
	f.Add("u:p@host:1,[::1]:2")
	f.Fuzz(func(t *testing.T, text string) {
		hosts, err := ParseHosts(text, "1")
		if err == nil && len(hosts) > strings.Count(text, ",")+1 {
			t.Errorf("%d hosts in %q", len(hosts), text)
		}
	})
}
