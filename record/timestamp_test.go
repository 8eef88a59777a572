package record_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sonde-go/sonde/record"
)

func TestAppendTimestamp(t *testing.T) {
	times := []time.Time{
		time.Unix(0, 0), time.Unix(0, -1), time.Unix(-1, 0),
		time.Date(2024, 2, 29, 23, 59, 59, 999999999, time.UTC),
		time.Date(2000, 2, 29, 0, 0, 0, 0, time.UTC), time.Date(2100, 3, 1, 0, 0, 0, 0, time.UTC),
		time.Date(1999, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(1700, 1, 1, 0, 0, 0, 1000, time.UTC),
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		times = append(times, time.Unix(r.Int64N(8e9)-4e9, r.Int64N(1e9)))
	}
	for _, at := range times {
		got := string(record.AppendTimestamp(nil, at.UnixNano()))
		if want := at.UTC().Format("2006-01-02T15:04:05.000000"); got != want {
			t.Fatalf("%v became %s", at.UTC(), got)
		}
	}
}
