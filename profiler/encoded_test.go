package profiler_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
)

// TestEncoded: attributes that were encoded before are stored as the same ones given
// to the point would be.
func TestEncoded(t *testing.T) {
	hostile := []slog.Attr{
		slog.String("host", "é\x00\"\xff"), slog.String("sonde", "https://user:word@a/?token=1"),
		slog.Group("nested", slog.Any("error", errors.New("no")), slog.Duration("took", 1)), slog.Int("n", -1),
	}
	long := []slog.Attr{slog.String("text", strings.Repeat("é", 20<<10)), slog.Int("left_out", 1)}
	for name, attrs := range map[string][]slog.Attr{"none": nil, "hostile": hostile, "too long": long} {
		t.Run(name, func(t *testing.T) {
			sink := &store{}
			s := newService(t, sink)
			more, without := slog.Int("more", 2), profiler.EncodeNumbered("é", attrs...)
			for _, p := range []struct {
				name  string
				given profiler.Encoded
				attrs []slog.Attr
			}{
				{"before", profiler.Encode(attrs...), nil}, {"without", without.Without(), nil}, {"now", profiler.Encoded{}, attrs},
				{"numbered", without.With(-7), nil}, {"number", profiler.Encoded{}, append(slices.Clip(attrs), slog.Int("é", -7))},
			} {
				_, point := s.Begin(context.Background(), profiler.Opening{Name: p.name, Layer: layer.SQL, Encoded: p.given}, append(slices.Clip(p.attrs), more)...)
				point.Add(slog.String("db", "is replaced by the group"))
				point.End(profiler.Ending{Group: "db", Encoded: p.given}, p.attrs...)
			}
			mustClose(t, s)
			for _, phase := range []string{"-start", "-stop"} {
				for _, pair := range [][2]string{{"before", "now"}, {"without", "now"}, {"numbered", "number"}} {
					before, now := sink.find(t, pair[0]+phase), sink.find(t, pair[1]+phase)
					if name == "too long" { // what comes after it finds no room in either
						info(t, before)
						if n := len(before.Info()); n > 17<<10 || !strings.Contains(string(before.Info()), `"truncated":true`) {
							t.Errorf("%d bytes: %s", n, before.Info()[n-100:])
						}
						continue
					}
					if string(before.Info()) != string(now.Info()) {
						t.Errorf("%s\n%s", before.Info(), now.Info())
					}
				}
			}
		})
	}
}
