package header_test

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/header"
)

// TestSampledLayout holds the bits of such ids to their documentation: they lie in
// stores.
func TestSampledLayout(t *testing.T) {
	for text, want := range map[string]header.Sample{
		"00000000-0000-850d-9e00-000000000000": {Rate: 1, Hash: 0},
		"9f3c5a0e-0000-850d-9e12-3456789abcde": {Rate: 1, Hash: 0x123456789abcde},
		"9f3c5a0e-0800-850d-9e80-000000000000": {Rate: 1. / 2, Hash: 1 << 55},
		"9f3c5a0e-0400-850d-9e40-000000000000": {Rate: 3. / 4, Hash: 1 << 54},
		"9f3c5a0e-0001-850d-9e00-100000000000": {Rate: 4095. / 4096, Hash: 1 << 44},
		"9f3c5a0e-3000-850d-9efc-000000000000": {Rate: 1. / 64, Hash: 63 << 50},
		"ffffffff-ffff-850d-9eff-ffffffffffff": {Rate: 0x1p-31 * 2049 / 4096, Hash: 1<<56 - 1},
	} {
		id, err := header.ParseID(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := id.Sampled(); !ok || got != want {
			t.Errorf("%s: %+v, %v; want %+v", text, got, ok, want)
		}
		if id.String() != text {
			t.Errorf("%s is written as %s", text, id)
		}
	}
}

// TestSampledOthers: ids that nobody may thin out.
func TestSampledOthers(t *testing.T) {
	for name, text := range map[string]string{
		"version 4":                        "7bc4d8cd-2292-41a8-9260-f1161e3c4313",
		"our marker in version 4":          "9f3c5a0e-0000-450d-9e12-3456789abcde",
		"version 8 of others":              "9f3c5a0e-0000-850e-9e12-3456789abcde",
		"version 8 of others, second half": "9f3c5a0e-0000-850d-9d12-3456789abcde",
		"another variant":                  "9f3c5a0e-0000-850d-de12-3456789abcde",
		"a hash that its rate drops":       "9f3c5a0e-0800-850d-9e7f-ffffffffffff",
		"upper case":                       "9F3C5A0E-0000-850D-9E12-3456789ABCDE",
		"text":                             "nightly-2026-11-22",
	} {
		id, err := header.ParseID(text)
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := id.Sampled(); ok {
			t.Errorf("%s: %s is taken for one drawn by sampling: %+v", name, text, s)
		}
	}
	if _, ok := (header.ID{}).Sampled(); ok {
		t.Error("the zero ID is taken for one drawn by sampling")
	}
	for range 10_000 {
		if id := header.NewID(); sampled(id) {
			t.Fatalf("%s of version 4 is taken for one drawn by sampling", id)
		}
	}
}

func sampled(id header.ID) bool { _, ok := id.Sampled(); return ok }

var rates = []float64{1, 1 - 1e-9, 0.9999, 0.75, 0.5001, 0.5, 0.3333, 0.1, 0.01, 1e-3, 1. / 7, 1e-6, 0x1p-31, 0x1p-32 * 2049 / 2048}

// TestSampledRate: an id says the rate that it was drawn with to 0.05 %, never less,
// and survives being written and read.
func TestSampledRate(t *testing.T) {
	for _, rate := range rates {
		for range 1000 {
			id := header.NewSampledID(rate)
			s, ok := id.Sampled()
			if !ok || s.Rate < rate || s.Rate > rate*1.0005 || s.Rate > 1 || !s.KeptAt(rate) {
				t.Fatalf("%s, drawn with %v, says %+v, %v", id, rate, s, ok)
			}
			if back, err := header.ParseID(id.String()); err != nil || back != id {
				t.Fatalf("%s is read as %s, %v", id, back, err)
			}
		}
	}
	for _, c := range []struct{ asked, want float64 }{
		{2, 1}, {math.Inf(1), 1}, {0, 0x1p-31 * 2049 / 4096}, {-1, 0x1p-31 * 2049 / 4096}, {math.NaN(), 0x1p-31 * 2049 / 4096}, {1e-30, 0x1p-31 * 2049 / 4096},
	} {
		if s, ok := header.NewSampledID(c.asked).Sampled(); !ok || s.Rate != c.want {
			t.Errorf("an id drawn with %v says %v, %v; want %v", c.asked, s.Rate, ok, c.want)
		}
	}
}

// TestSampledKept: of a million ids that one rate has kept, a lower one keeps its
// share within 1 %, all that the next higher one keeps, and none at 0.
func TestSampledKept(t *testing.T) {
	const n = 1_000_000
	for _, drawn := range []float64{1, 0.03} {
		lower := []float64{1, 0.9, 0.75, 0.5, 0.3, 0.2} // shares of it; 0.2 is five standard deviations wide
		counts := make([]int, len(lower))
		for range n {
			id := header.NewSampledID(drawn)
			s, _ := id.Sampled()
			before := true
			for i, share := range lower {
				kept := s.KeptAt(share * drawn)
				if kept && !before {
					t.Fatalf("%s is kept at %v and not at a higher rate", id, share*drawn)
				}
				if before = kept; kept {
					counts[i]++
				}
			}
			if s.KeptAt(0) || s.KeptAt(-1) || s.KeptAt(math.NaN()) || !s.KeptAt(2) {
				t.Fatal("a rate of no share keeps something, or one of all does not")
			}
		}
		for i, share := range lower {
			if got := float64(counts[i]) / n; math.Abs(got/share-1) > 0.01 {
				t.Errorf("of ids drawn with %v, %v keeps %v, want %v", drawn, share*drawn, got, share)
			}
		}
	}
}

// TestSampledIsSeldomMistaken: random UUIDs of version 8 are taken for ours as often
// as documented.
func TestSampledIsSeldomMistaken(t *testing.T) {
	const n = 200_000
	mistaken := 0
	for range n { // with our marker, which one of 2^18 has
		var u [16]byte
		binary.BigEndian.PutUint64(u[:8], rand.Uint64()&^0xffff|0x850d)
		binary.BigEndian.PutUint64(u[8:], rand.Uint64()>>8|0x9e<<56)
		if id, _ := header.FromUUID(u); sampled(id) {
			mistaken++
		}
	}
	if share := float64(mistaken) / n / (1 << 18); share > 1./5e6 {
		t.Errorf("one random UUID of %.0f is mistaken, want 5 million at least", 1/share)
	}
}

func FuzzSampled(f *testing.F) {
	for _, rate := range rates {
		f.Add(header.NewSampledID(rate).String(), rate)
	}
	f.Add(strings.Repeat("f", 36), 0.5)
	f.Fuzz(func(t *testing.T, text string, rate float64) {
		id, err := header.ParseID(text)
		if err != nil {
			return
		}
		s, ok := id.Sampled()
		if ok && (!(s.Rate > 0 && s.Rate <= 1) || s.Hash>>56 != 0 || !s.KeptAt(s.Rate)) {
			t.Fatalf("%s says %+v", text, s)
		}
		if ok && rate > s.Rate && !s.KeptAt(rate) {
			t.Fatalf("%s is kept at %v and not at %v", text, s.Rate, rate)
		}
		if made := header.NewSampledID(rate); !sampled(made) || rate > 0x1p-31 && !kept(made, rate) {
			t.Fatalf("%s is not what %v draws", made, rate)
		}
	})
}

func kept(id header.ID, rate float64) bool { s, _ := id.Sampled(); return s.KeptAt(rate) }

func BenchmarkNewSampledID(b *testing.B) {
	for b.Loop() {
		header.NewSampledID(0.01)
	}
}

func BenchmarkSampled(b *testing.B) {
	id, n := header.NewSampledID(0.01), 0
	for b.Loop() {
		if s, ok := id.Sampled(); ok && s.KeptAt(0.001) {
			n++
		}
	}
}
