package sampling

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/profiler/profilertest"
)

func keys(t testing.TB, list string) *header.Keyring {
	t.Helper()
	ring, err := header.ParseKeys(list)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func TestApply(t *testing.T) {
	at := time.Unix(1_700_000_000, 0)
	sign := func(service, rules, key string, sent time.Duration) []byte {
		t.Helper()
		m, err := Change{Service: service, Rules: rules}.Sign(keys(t, key).Primary(), at.Add(sent))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	raw := func(body string) []byte {
		return []byte(hex.EncodeToString(keys(t, "old").Primary().Seal(purpose, []byte(body))) + "\n" + body)
	}
	s := newSampler(t, Config{})
	r := &Receiver{Keys: keys(t, "new, old"), Service: "cart", Sampler: s, now: func() time.Time { return at }}
	first := sign("cart", "1", "old", -time.Second)
	for _, step := range []struct {
		name    string
		message []byte
		want    error
		rules   int
	}{
		{"of another service", sign("stock", "1", "old", 0), ErrNotHere, 0},
		{"with another key", sign("cart", "1", "stolen", 0), ErrNotSigned, 0},
		{"too old", sign("cart", "1", "old", -31*time.Second), ErrOld, 0},
		{"from the future", sign("cart", "1", "old", 31*time.Second), ErrOld, 0},
		{"changed on its way", bytes.Replace(first, []byte(`"1"`), []byte(`"0"`), 1), ErrNotSigned, 0},
		{"well", first, nil, 1},
		{"once more", first, ErrOld, 1},
		{"sent before that", sign("cart", "", "new", -2*time.Second), ErrOld, 1},
		{"sent after that", sign("cart", "/x=1, 0.5", "new", 0), nil, 2},
		{"empty", nil, ErrNotSigned, 2},
		{"huge", bytes.Repeat(first, MaxChange), ErrNotSigned, 2},
		{"nothing sampled", sign("cart", "", "new", time.Second), nil, 0},
	} {
		if err := r.Apply(step.message); !errors.Is(err, step.want) || (err == nil) != (step.want == nil) {
			t.Errorf("%s: %v, want %v", step.name, err, step.want)
		}
		if n := len(s.Rules()); n != step.rules {
			t.Errorf("%s: %d rules hold, want %d", step.name, n, step.rules)
		}
	}
	for want, body := range map[string]string{
		"version 2":     `{"version":2,"service":"cart"}`,
		"right form":    `[]`,
		"does not say":  `{"version":1,"service":"cart","rules":"often"}`,
		"older than 30": `{"version":1,"service":"cart"}`,
	} {
		if err := r.Apply(raw(body)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", body, err, want)
		}
	}
	if err := (&Receiver{Service: "cart", Sampler: s}).Apply(first); !errors.Is(err, ErrNotSigned) {
		t.Errorf("without keys: %v", err)
	}
	if _, err := (Change{Service: "cart", Rules: "often"}).Sign(keys(t, "old").Primary(), at); err == nil {
		t.Error("rules that make no sense are signed")
	}
	if _, err := (Change{Service: "cart", Rules: "1"}).Sign(nil, at); err == nil {
		t.Error("signed without a key")
	}
}

// TestApplyLayers: layers are switched off and on, and others stay as they are.
func TestApplyLayers(t *testing.T) {
	svc, _ := profilertest.New(t, "cart", func(c *profiler.Config) { c.Detail.Off = []string{"redis"} })
	ring := keys(t, "key")
	r := &Receiver{Keys: ring, Service: "cart", Sampler: newSampler(t, Config{}), Profiler: svc}
	at := time.Now()
	for i, step := range []struct {
		layers map[string]bool
		want   []string
	}{
		{map[string]bool{"db": false, "own": false}, []string{"db", "own", "redis"}},
		{nil, []string{"db", "own", "redis"}},
		{map[string]bool{"db": true, "redis": true, "mongo": true}, []string{"own"}},
	} {
		m, err := Change{Service: "cart", Rules: "1", Layers: step.layers}.Sign(ring.Primary(), at.Add(time.Duration(i)))
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Apply(m); err != nil || !slices.Equal(svc.Detail().Off, step.want) {
			t.Errorf("%v: %v are off, %v; want %v", step.layers, svc.Detail().Off, err, step.want)
		}
	}
	m, err := Change{Service: "cart", Rules: "0.5", Layers: map[string]bool{"": false}}.Sign(ring.Primary(), at.Add(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Apply(m); err == nil || r.Sampler.Rules()[0].Rate != 1 {
		t.Errorf("a layer without a name: %v, %v hold", err, r.Sampler.Rules())
	}
	r.Profiler = nil
	if err := r.Apply(m); err == nil || !strings.Contains(err.Error(), "Receiver.Profiler") {
		t.Errorf("without a Service: %v", err)
	}
}

func FuzzApply(f *testing.F) {
	r := &Receiver{Keys: keys(f, "key"), Service: "cart", Sampler: newSampler(f, Config{})}
	f.Add("0a\n{}", true)
	f.Add(`{"version":1,"service":"cart","at_ns":1,"rules":"1"}`, true)
	f.Fuzz(func(t *testing.T, text string, signed bool) {
		if signed {
			text = hex.EncodeToString(r.Keys.Primary().Seal(purpose, []byte(text))) + "\n" + text
		}
		if err := r.Apply([]byte(text)); !signed && !errors.Is(err, ErrNotSigned) {
			t.Fatalf("%q: %v", text, err)
		}
	})
}
