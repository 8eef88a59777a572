package sonde_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/sonde-go/sonde"
	"github.com/sonde-go/sonde/drivers"
)

// TestConfigHidesSecrets prints a Config, and what it is a part of, in every
// way that a log has.
func TestConfigHidesSecrets(t *testing.T) {
	c := sonde.Config{
		Enabled: true, HMACKeys: "GEHEIM1,GEHEIM2", ConnectionString: "redis://u:GEHEIM3@h:6379/0", Service: "api",
		MoreConnectionStrings: []string{"mongodb://u:GEHEIM6@h,i/d"},
		Options:               drivers.Options{Params: map[string]string{"transport_url": "rabbit://u:GEHEIM4@broker/", "doc_type": "kept", "token": "GEHEIM5"}},
	}
	for name, v := range map[string]any{
		"value": c, "pointer": &c, "options": c.Options, "pointer to options": &c.Options,
		"in a struct":           struct{ Config sonde.Config }{c},
		"by pointer":            struct{ Config *sonde.Config }{&c},
		"embedded":              struct{ sonde.Config }{c},
		"in a slice":            []sonde.Config{c},
		"in a slice by pointer": []*sonde.Config{&c},
		"in a map":              map[string]sonde.Config{"a": c},
		"as an interface":       []any{c, &c},
		"options in a struct":   struct{ Options drivers.Options }{c.Options},
	} {
		var texts []string
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%10v"} {
			texts = append(texts, fmt.Sprintf(verb, v))
		}
		var out bytes.Buffer
		for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
			log := slog.New(h)
			log.Info("start", "config", v)
			log.Info("start", slog.Group("g", slog.Any("config", v)))
		}
		text, err := json.Marshal(v)
		texts = append(texts, out.String(), string(text), fmt.Sprint(err), fmt.Sprint(v), fmt.Errorf("bad config %v", v).Error())
		for _, text := range texts {
			if strings.Contains(text, "GEHEIM") || strings.Contains(strings.ToUpper(text), fmt.Sprintf("%X", "GEHEIM")) {
				t.Errorf("%s: %s", name, text)
			}
		}
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		text := fmt.Sprintf(verb, c)
		for _, want := range []string{"redis://u:***@h:6379/0", "rabbit://u:***@broker/", "mongodb://u:***@h,i/d", "kept", "api"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not show %q: %s", verb, want, text)
			}
		}
	}
	if text := fmt.Sprintf("%+v", sonde.Config{}); strings.Contains(text, "***") {
		t.Errorf("the zero Config shows as %s", text)
	}
	if c.HMACKeys != "GEHEIM1,GEHEIM2" {
		t.Error("printing changes a Config")
	}
}
