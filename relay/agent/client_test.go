package agent

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/sonde-go/sonde/drivers"
	_ "github.com/sonde-go/sonde/drivers/agent"
	_ "github.com/sonde-go/sonde/drivers/file"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/profiler"
	"github.com/sonde-go/sonde/record"
	"github.com/sonde-go/sonde/report"
)

// TestClient: what a service records comes through the agent into the store, numbered
// without a gap, and once, though a batch was sent twice.
func TestClient(t *testing.T) {
	store, err := drivers.Open(t.Context(), "file://"+filepath.Join(t.TempDir(), "traces.jsonl"), drivers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	path := socket(t)
	r := start(t, Config{Listen: []string{"unix://" + path}, Stores: []*drivers.Store{store}, StopTimeout: watchdogs})
	client, err := drivers.Open(t.Context(), "agent://"+path, drivers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	keys, err := header.ParseKeys("k")
	if err != nil {
		t.Fatal(err)
	}
	s, err := profiler.New(profiler.Config{Name: "cart", Project: "shop", Keys: keys, Sink: twice{client}})
	if err != nil {
		t.Fatal(err)
	}
	base := header.NewID()
	ctx, root := s.BeginAs(context.Background(), base, profiler.Opening{Name: "root"})
	for range 500 {
		_, p := profiler.Start(ctx, "step")
		p.Stop()
	}
	root.Stop()
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if st := s.Stats(); st.Acknowledged != 1002 {
		t.Errorf("%+v", st)
	}
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	n, last := 0, uint64(0)
	for rec, err := range store.Records(t.Context(), base.String()) {
		if err != nil {
			t.Fatal(err)
		}
		n, last = n+1, max(last, rec.Number.N)
	}
	rep, err := report.Build(store.Records(t.Context(), base.String()))
	if err != nil {
		t.Fatal(err)
	}
	if n != 1002 || last != 1002 || rep.Records != 1002 || len(rep.Missing()) != 0 {
		t.Errorf("%d records in the store, numbered up to %d; the report has %d, and misses %+v", n, last, rep.Records, rep.Missing())
	}
}

// twice sends each batch a second time, as if the first answer had been lost.
type twice struct{ *drivers.Store }

func (s twice) Notify(ctx context.Context, events []record.Event) error {
	if err := s.Store.Notify(ctx, events); err != nil {
		return err
	}
	return s.Store.Notify(ctx, events)
}
