package main

// The stores that the command knows.
import (
	"context"

	"github.com/redis/go-redis/v9"

	_ "github.com/sonde-go/sonde/drivers/agent"
	_ "github.com/sonde-go/sonde/drivers/elasticsearch"
	_ "github.com/sonde-go/sonde/drivers/file"
	_ "github.com/sonde-go/sonde/drivers/loginsight"
	_ "github.com/sonde-go/sonde/drivers/memory"
	_ "github.com/sonde-go/sonde/drivers/messaging"
	_ "github.com/sonde-go/sonde/drivers/mongodb"
	_ "github.com/sonde-go/sonde/drivers/mysql"
	_ "github.com/sonde-go/sonde/drivers/nats"
	_ "github.com/sonde-go/sonde/drivers/otlp"
	_ "github.com/sonde-go/sonde/drivers/postgresql"
	_ "github.com/sonde-go/sonde/drivers/redis"
	_ "github.com/sonde-go/sonde/drivers/sqlite"
)

func init() { redis.SetLogger(silent{}) }

// silent is go-redis's logger: what it prints is returned as an error as well.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}
