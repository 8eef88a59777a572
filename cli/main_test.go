package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/record"
)

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		Main()
	}
	for _, name := range []string{"OSPROFILER_CONNECTION_STRING", "OS_PROFILER__CONNECTION_STRING",
		"SONDE_HMAC_KEY", "OSPROFILER_HMAC_KEYS", "OS_PROFILER__HMAC_KEYS", "COLUMNS"} {
		os.Unsetenv(name)
	}
	goleak.VerifyTestMain(m)
}

// result is what a call of the command did.
type result struct {
	code     int
	out, err string
}

func commandWith(ctx context.Context, in string, args ...string) result {
	var out, err bytes.Buffer
	code := run(ctx, args, streams{strings.NewReader(in), &out, &err})
	return result{code, out.String(), err.String()}
}

func command(t *testing.T, args ...string) result {
	t.Helper()
	return commandWith(t.Context(), "", args...)
}

// checkFine wants success and nothing on standard error but the given text.
func (r result) checkFine(t *testing.T, stderr string) {
	t.Helper()
	if r.code != exitFine || r.err != stderr {
		t.Fatalf("exit %d, stderr %q", r.code, r.err)
	}
}

// checkFails wants an exit code and one line on standard error that matches.
func (r result) checkFails(t *testing.T, code int, pattern string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit %d, want %d", r.code, code)
	}
	if strings.Count(r.err, "\n") != 1 || !regexp.MustCompile(pattern).MatchString(strings.TrimSuffix(r.err, "\n")) {
		t.Errorf("stderr %q, want a line like %q", r.err, pattern)
	}
	if strings.Contains(r.err+r.out, "secret") {
		t.Errorf("shows a password: %q", r.err)
	}
}

const (
	checkout = "a0000001-1111-4111-8111-000000000001"
	refund   = "a0000002-1111-4111-8111-000000000002"
	nowhere  = "a0000003-1111-4111-8111-000000000003"
)

// store makes a SQLite file with two traces and returns its URL.
func store(t *testing.T) string {
	t.Helper()
	url := "sqlite:///" + filepath.Join(t.TempDir(), "sonde.db")
	d, err := drivers.Open(t.Context(), url, drivers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	id := func(s string) header.ID {
		id, err := header.ParseID(s)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	var events []record.Event
	point := func(base, name, service string, from, to time.Duration, info string) {
		began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		f := record.Fields{Name: name, Trace: id(base), Parent: id(base), Point: header.NewID(), Project: "shop", Service: service, Host: "h", Info: []byte(info)}
		f.Time = began.Add(from).UnixNano()
		events = append(events, record.New(f))
		f.Phase, f.Time, f.Info = record.Stop, began.Add(to).UnixNano(), []byte(`{"host":"h"}`)
		events = append(events, record.New(f))
	}
	point(checkout, "http", "cart", 0, 90*time.Millisecond, `{"request":{"path":"/checkout","method":"POST"},"host":"h"}`)
	point(refund, "http", "payments", time.Hour, time.Hour+time.Second, `{"request":{"path":"/refund","method":"POST"},"host":"h"}`)
	if err := d.Notify(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	return url
}

func TestList(t *testing.T) {
	t.Setenv("OSPROFILER_CONNECTION_STRING", store(t))
	r := command(t, "trace", "list")
	r.checkFine(t, "")
	lines := strings.Split(r.out, "\n")
	if len(lines) != 4 || !strings.HasPrefix(lines[0], "TRACE ") || !strings.HasPrefix(lines[1], refund+"  2026-01-02 04:04:05   1.00 s       1          POST /refund    payments") ||
		!strings.HasPrefix(lines[2], checkout+"  2026-01-02 03:04:05  90.0 ms ") {
		t.Error(r.out)
	}
	for want, args := range map[string][]string{
		checkout:     {"--service", "cart"},
		refund + " ": {"--since", "2026-01-02T04:00"},
	} {
		r := command(t, append([]string{"trace", "list"}, args...)...)
		r.checkFine(t, "")
		if strings.Count(r.out, "\n") != 2 || !strings.Contains(r.out, "\n"+strings.TrimSpace(want)) {
			t.Errorf("%v: %s", args, r.out)
		}
	}
	r = command(t, "trace", "list", "--since", "1m")
	if r.code != exitFine || r.out != "" || !strings.HasPrefix(r.err, "sonde: no such traces in sqlite:///") {
		t.Errorf("%+v", r)
	}
}

func TestListJSON(t *testing.T) {
	url := store(t)
	r := command(t, "trace", "list", "--json", "--connection-string", url)
	r.checkFine(t, "")
	var got []map[string]any
	if err := json.Unmarshal([]byte(r.out), &got); err != nil || len(got) != 2 || got[1]["base_id"] != checkout || got[1]["service"] != "cart" {
		t.Errorf("%v in %s", err, r.out)
	}
	r = command(t, "trace", "list", "--json", "--service", "none", "--connection-string", url)
	if r.code != exitFine || r.out != "[]\n" {
		t.Errorf("%+v", r)
	}
}

func TestShow(t *testing.T) {
	t.Setenv("OSPROFILER_CONNECTION_STRING", store(t))
	r := command(t, "trace", "show", checkout)
	r.checkFine(t, "")
	for _, want := range []string{"trace " + checkout, "POST /checkout in cart, 90.0 ms, 1 point, 1 service\n", "\n1 slow POST /checkout (cart): 90.0 ms, 100 %\n", "\nname "} {
		if !strings.Contains(r.out, want) {
			t.Errorf("no %q in\n%s", want, r.out)
		}
	}
	r = command(t, "trace", "show", checkout, "--json")
	r.checkFine(t, "")
	if !strings.HasPrefix(r.out, "{\n  \"info\": {\n    \"name\": \"total\",\n    \"started\": 0,\n    \"finished\": 90,") || !strings.HasSuffix(r.out, "}\n") {
		t.Error(r.out)
	}
	file := filepath.Join(t.TempDir(), "out.json")
	written := command(t, "trace", "show", checkout, "--json", "--out", file)
	written.checkFine(t, "")
	text, err := os.ReadFile(file)
	if err != nil || string(text)+"\n" != r.out || written.out != "" {
		t.Errorf("%v, %s", err, text)
	}
	again := command(t, "trace", "show", file, "--json")
	again.checkFine(t, "")
	if again.out != r.out {
		t.Error(again.out)
	}
	fromStdin := commandWith(t.Context(), string(text), "trace", "show", "-")
	fromStdin.checkFine(t, "")
	if !strings.Contains(fromStdin.out, "http POST /checkout") {
		t.Error(fromStdin.out)
	}
}

func TestShowKeepsTheRestOfADamagedFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "trace.jsonl")
	const good = `{"name":"http-start","base_id":"b","trace_id":"1","parent_id":"b","timestamp":"2026-01-02T03:04:05.000000","info":{"host":"h"}}`
	if err := os.WriteFile(file, []byte(good+"\n{\"name\": \"to\x1b[31mrn\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := command(t, "trace", "show", file)
	r.checkFine(t, "")
	if !strings.Contains(r.out, "\nhttp ") || !strings.Contains(r.out, "warning: 1 record: cannot be read") || strings.Contains(r.out, "\x1b") {
		t.Error(r.out)
	}
}

// TestBadInput has a line for everything that can be given wrongly.
func TestBadInput(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	empty, junk := write("empty", ""), write("junk", "this is\nno record\n")
	url := store(t)
	const down = "127.0.0.1:1"
	tests := map[string]struct {
		code int
		want string
		args []string
	}{
		"unknown command":   {exitUsage, `^sonde: unexpected argument bogus`, []string{"bogus"}},
		"no broker":         {exitFailed, `names no broker`, []string{"trace", "show", checkout, "--connection-string", "messaging://"}},
		"broker down":       {exitFailed, down, []string{"trace", "show", checkout, "--connection-string", "messaging://", "--transport-url", "rabbit://u:secret@" + down + "/"}},
		"no command":        {exitUsage, `^sonde: expected one of`, nil},
		"no trace":          {exitUsage, `<trace>`, []string{"trace", "show"}},
		"unknown flag":      {exitUsage, `unknown flag --bogus`, []string{"trace", "list", "--bogus"}},
		"bad since":         {exitUsage, `--since: "x" is neither`, []string{"trace", "list", "--since", "x"}},
		"bad limit":         {exitUsage, `--limit`, []string{"trace", "list", "--limit", "many"}},
		"bad base id":       {exitUsage, `--base-id: not an id`, []string{"headers", "--hmac-key", "k", "--base-id", "a b"}},
		"unknown scheme":    {exitFailed, `no driver for nosuch://`, []string{"trace", "list", "--connection-string", "nosuch://u:secret@x"}},
		"no scheme":         {exitFailed, `begins with scheme://`, []string{"trace", "list", "--connection-string", "//u:secret@x"}},
		"unreachable list":  {exitFailed, `redis://.*` + down + `.*refused`, []string{"trace", "list", "--connection-string", "redis://u:secret@" + down + "/0"}},
		"unreachable ui":    {exitFailed, `redis://.*` + down + `.*refused`, []string{"ui", "--listen", "127.0.0.1:0", "--connection-string", "redis://u:secret@" + down + "/0"}},
		"unreachable show":  {exitFailed, `redis://.*` + down + `.*refused`, []string{"trace", "show", checkout, "--connection-string", "redis://u:secret@" + down + "/0"}},
		"unknown trace":     {exitFailed, `^sonde: trace ` + nowhere + ` not found in sqlite:///.*HMAC key`, []string{"trace", "show", nowhere, "--connection-string", url}},
		"neither":           {exitFailed, `not found in .* no file of that name`, []string{"trace", "show", "trace_json", "--connection-string", url}},
		"a path":            {exitFailed, `no such file`, []string{"trace", "show", dir + "/none.json"}},
		"upper-case id":     {exitFailed, `not found`, []string{"trace", "show", strings.ToUpper(checkout), "--connection-string", url}},
		"no database":       {exitFailed, `junk: file is not a database`, []string{"trace", "list", "--connection-string", "sqlite:///" + junk}},
		"empty file":        {exitFailed, `empty: no records$`, []string{"trace", "show", empty}},
		"no records":        {exitFailed, `junk: no records: cannot be read.*this is`, []string{"trace", "show", junk}},
		"a folder":          {exitFailed, `is a directory`, []string{"trace", "show", dir}},
		"out to a folder":   {exitFailed, `is a directory`, []string{"trace", "show", checkout, "--connection-string", url, "--out", dir}},
		"no key":            {exitFailed, `no HMAC key: set SONDE_HMAC_KEY`, []string{"headers"}},
		"wrong key":         {exitFailed, `^sonde: not traced: signature matches none of the configured HMAC keys`, []string{"headers", "verify", "--hmac-keys", "a,b", "--info", "e30=", "--hmac", strings.Repeat("0", 40)}},
		"verify, no header": {exitUsage, `--hmac=HEX`, []string{"headers", "verify", "--hmac-keys", "a", "--info", "e30="}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := command(t, tt.args...)
			r.checkFails(t, tt.code, tt.want)
			if r.out != "" {
				t.Errorf("prints %q", r.out)
			}
		})
	}
}

// TestEmptyStore: nothing to list is no failure, and reading makes no file.
func TestEmptyStore(t *testing.T) {
	t.Chdir(t.TempDir())
	command(t, "trace", "list").checkFine(t, "sonde: no traces in sqlite:///sonde.db\n")
	if _, err := os.Stat("sonde.db"); err == nil {
		t.Error("a file was made")
	}
}

func TestHeaders(t *testing.T) {
	t.Setenv("SONDE_HMAC_KEY", "new,old")
	r := command(t, "headers", "--base-id", checkout, "--parent-id", refund)
	r.checkFine(t, "trace "+checkout+"\n")
	m := regexp.MustCompile(`^-H X-Trace-Info:(\S+) -H X-Trace-HMAC:([0-9a-f]{40})\n$`).FindStringSubmatch(r.out)
	if m == nil {
		t.Fatal(r.out)
	}
	for keys, want := range map[string]string{"new": "the key", "new,x": "the first key", "x,new": "one of the keys"} {
		r := command(t, "headers", "verify", "--hmac-keys", keys, "--info", m[1], "--hmac", m[2])
		r.checkFine(t, "")
		if r.out != "traced: trace "+checkout+", below "+refund+", signed with "+want+"\n" {
			t.Error(r.out)
		}
	}
	command(t, "headers", "verify", "--hmac-key", "old", "--info", m[1], "--hmac", m[2]).checkFails(t, exitFailed, "not traced: signature")
	keys, _ := header.ParseKeys("new")
	again := command(t, "headers", "sign")
	m = regexp.MustCompile(`Info:(\S+) -H X-Trace-HMAC:(\S+)`).FindStringSubmatch(again.out)
	if in, _, err := keys.Verify(header.Signed{Info: m[1], HMAC: m[2]}); err != nil || again.err != "trace "+in.BaseID.String()+"\n" {
		t.Errorf("%v, %+v", err, again)
	}
}

func TestHelp(t *testing.T) {
	for _, args := range [][]string{{}, {"run"}, {"check"}, {"ui"}, {"trace", "list"}, {"trace", "show"}, {"trace", "copy"}, {"trace", "prune"}, {"headers", "sign"}, {"headers", "verify"}} {
		r := command(t, append(args, "--help")...)
		r.checkFine(t, "")
		if !regexp.MustCompile(`(?m)^    (curl .*)?.*sonde `).MatchString(r.out) {
			t.Errorf("%v: no example in\n%s", args, r.out)
		}
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	commandWith(ctx, "", "trace", "show", checkout, "--connection-string", store(t)).checkFails(t, exitFailed, "^sonde: interrupted$")
}
