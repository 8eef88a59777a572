package cli

// The stores of the tests.
import (
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
