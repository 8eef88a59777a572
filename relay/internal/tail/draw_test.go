package tail

import (
	"math"
	"os"
	"testing"

	"github.com/sonde-go/sonde/header"
)

// TestSampledShare: of a million base ids that were drawn at any rate, the share that is
// asked for is kept within one in a hundred, and what header.Sample keeps at the product
// of both rates.
func TestSampledShare(t *testing.T) {
	const n = 1_000_000
	rates := []float64{0.3}
	if os.Getenv("SONDE_TEST_ALL") != "" {
		rates = []float64{1, 0.3, 1.0 / 1024}
	}
	for _, rate := range rates {
		kept, same := 0, 0
		for range n {
			id := header.NewSampledID(rate)
			place, drawn := Sampled(id.String())
			if !drawn || !(place > 0 && place <= 1) {
				t.Fatalf("%s: %v, %v", id, place, drawn)
			}
			keep := place <= 0.1
			if keep {
				kept++
			}
			if s, _ := id.Sampled(); s.KeptAt(s.Rate*0.1) == keep {
				same++
			}
		}
		t.Logf("of those drawn at %.4f a share of %.5f is kept", rate, float64(kept)/n)
		if share := float64(kept) / n; math.Abs(share-0.1) > 0.001 || same < n-10 {
			t.Errorf("of those drawn at %v a share of %v is kept; %d are decided as the header does", rate, share, same)
		}
	}
}

func TestSampledIsNotWhatWasAskedFor(t *testing.T) {
	for _, base := range []string{header.NewID().String(), "req-1", "", "not an id", "00000000-0000-8000-8000-000000000000"} {
		if place, drawn := Sampled(base); drawn || place != 0 {
			t.Errorf("%q: %v, %v", base, place, drawn)
		}
	}
}
