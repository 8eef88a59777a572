package kit

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMutex(t *testing.T) {
	m := NewMutex()
	if err := m.Lock(t.Context()); err != nil {
		t.Fatal(err)
	}
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	waiting := make(chan error, 1)
	go func() { waiting <- m.Lock(ctx) }()
	cancel(why)
	if err := <-waiting; !errors.Is(err, why) {
		t.Errorf("a lock that is held: %v, want the context's cause", err)
	}
	m.Unlock()
	for range 100 { // a free lock is not given to who has given up
		if err := m.Lock(ctx); !errors.Is(err, why) {
			t.Fatalf("with a context that has ended: %v", err)
		}
	}
	if err := m.Lock(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestTLS(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (&TLSOptions{CA: empty}).Config(); err == nil || !strings.Contains(err.Error(), "holds no certificate") {
		t.Errorf("a file without a certificate: %v", err)
	}
	if _, err := (&TLSOptions{CA: empty + "x"}).Config(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	for _, insecure := range []bool{true, false} {
		c, err := (&TLSOptions{ServerName: "db", Insecure: insecure}).Config()
		if err != nil || c.RootCAs != nil || c.ServerName != "db" || c.InsecureSkipVerify != insecure {
			t.Errorf("the system's authorities, insecure %v: %+v, %v", insecure, c, err)
		}
	}
}
