package traced

import "context"

//go:generate go run github.com/sonde-go/sonde/cmd/sonde gen -o rpc_traced.go

// Manager is a struct, whose directive says how it is traced.
//
//sonde:trace name=rpc hide_result=false trace_private
type Manager struct{ Repo Repo }

// Total is what some items cost.
func (m *Manager) Total(ctx context.Context, skus ...string) (cents int, err error) {
	for _, sku := range skus {
		item, err := m.Repo.Find(ctx, sku)
		if err != nil {
			return 0, err
		}
		cents += item.Cents
	}
	return cents, nil
}

func (m *Manager) audit(context.Context) bool { return m.Repo.Len() > 0 }
