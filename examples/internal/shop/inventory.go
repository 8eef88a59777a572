package shop

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/jmoiron/sqlx"
	sondegrpc "github.com/sonde-go/sonde/middleware/grpc"
	"github.com/sonde-go/sonde/profiler"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"
	_ "modernc.org/sqlite"
)

const stockSchema = `
CREATE TABLE stock (sku TEXT PRIMARY KEY, name TEXT, price INTEGER, left INTEGER);
INSERT INTO stock VALUES ('widget', 'Widget', 250, 100000), ('gadget', 'Gadget', 990, 3)`

type item struct {
	SKU, Name string
	Price     int64
	Left      int64
}

// inventory is the gRPC service. Its one method takes {"sku", "count"} and
// gives the price of all.
type inventory struct{ db *sqlx.DB }

func (in *inventory) reserve(ctx context.Context, order *structpb.Struct) (*structpb.Value, error) {
	sku, count := order.Fields["sku"].GetStringValue(), int64(order.Fields["count"].GetNumberValue())
	var it item
	switch err := in.db.GetContext(ctx, &it, `SELECT sku, name, price, left FROM stock WHERE sku = ?`, sku); {
	case errors.Is(err, sql.ErrNoRows):
		return nil, status.Errorf(codes.NotFound, "no %s here", sku)
	case err != nil:
		return nil, err
	case it.Left < count:
		return nil, status.Errorf(codes.FailedPrecondition, "only %d left", it.Left)
	}
	price := quote(ctx, it, count)
	if _, err := in.db.ExecContext(ctx, `UPDATE stock SET left = left - ? WHERE sku = ?`, count, sku); err != nil {
		return nil, err
	}
	return structpb.NewNumberValue(float64(price)), nil
}

// quote stands for a function of one's own that is worth a trace point.
func quote(ctx context.Context, it item, count int64) int64 {
	_, p := profiler.Start(ctx, "quote", slog.String("sku", it.SKU), slog.Int64("count", count))
	defer p.Stop()
	price := it.Price * count
	if count >= 3 {
		price -= price / 10
	}
	p.Add(slog.Int64("price", price))
	return price
}

const reserveMethod = "/shop.Inventory/Reserve"

// inventoryDesc describes the service as protoc would.
var inventoryDesc = grpc.ServiceDesc{
	ServiceName: "shop.Inventory",
	HandlerType: (*any)(nil),
	Methods: []grpc.MethodDesc{{
		MethodName: "Reserve",
		Handler: func(srv any, ctx context.Context, decode func(any) error, hook grpc.UnaryServerInterceptor) (any, error) {
			order := new(structpb.Struct)
			if err := decode(order); err != nil {
				return nil, err
			}
			call := func(ctx context.Context, order any) (any, error) {
				return srv.(*inventory).reserve(ctx, order.(*structpb.Struct))
			}
			if hook == nil {
				return call(ctx, order)
			}
			return hook(ctx, order, &grpc.UnaryServerInfo{Server: srv, FullMethod: reserveMethod}, call)
		},
	}},
}

// reserve is the client's side.
func reserve(ctx context.Context, conn *grpc.ClientConn, sku string, count int) (int64, error) {
	order, err := structpb.NewStruct(map[string]any{"sku": sku, "count": count})
	if err != nil {
		return 0, err
	}
	price := new(structpb.Value)
	if err := conn.Invoke(ctx, reserveMethod, order, price); err != nil {
		return 0, fmt.Errorf("reserve: %w", err)
	}
	return int64(price.GetNumberValue()), nil
}

// serveInventory runs the service on a free loopback port.
func serveInventory(svc *profiler.Service, db *sqlx.DB) (addr string, stop func() error, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	srv := grpc.NewServer(grpc.UnaryInterceptor(sondegrpc.UnaryServerInterceptor(svc)))
	srv.RegisterService(&inventoryDesc, &inventory{db})
	go func() { _ = srv.Serve(listener) }()
	return listener.Addr().String(), func() error { srv.GracefulStop(); return nil }, nil
}
