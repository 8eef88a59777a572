package elasticsearch

import (
	"testing"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/drivers/internal/frozen"
	"github.com/sonde-go/sonde/internal/servertest"
)

func TestUnanswered(t *testing.T) {
	s := servertest.ZincSearch(t)
	url := "elasticsearch://" + s.Addr
	keywords(t, openURL(t, url, drivers.Options{FilterErrorTrace: true}))
	frozen.Test(t, url, "Elasticsearch at "+s.Addr, drivers.Options{FilterErrorTrace: true}, s)
}
