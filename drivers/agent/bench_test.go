package agent

import (
	"io"
	"net/http"
	"testing"

	"github.com/sonde-go/sonde/drivers"
)

// BenchmarkNotify is what a batch of 512 records costs a program: its lines are written
// and sent over a unix socket to an agent that throws them away.
func BenchmarkNotify(b *testing.B) {
	const batch = 512
	path := b.TempDir() + "/a.sock"
	l := listen(b, "unix", path)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"accepted":512}`)
	})}
	go func() { _ = server.Serve(l) }()
	defer server.Close()
	d, err := drivers.Open(b.Context(), "agent://"+path, drivers.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	events := numbered(batch, 7, 1)
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Notify(b.Context(), events); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/batch, "ns/record")
}
