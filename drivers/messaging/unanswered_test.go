package messaging

import (
	"testing"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/internal/frozen"
	"github.com/sonde-go/sonde/internal/servertest"
)

func TestUnanswered(t *testing.T) {
	server := servertest.RabbitMQ(t)
	frozen.Test(t, urlOf(server), "RabbitMQ at "+server.Addr, drivers.Options{}, server)
}
