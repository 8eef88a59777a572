package main

import (
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const output = `{"Action":"start","Package":"m/drivers/a"}
not JSON
{"Action":"output","Package":"m/drivers/a","Test":"TestConformance","Output":"    h.go:1: drivertest {\"driver\":\"a\",\"server\":\"A 2\",\"write\":true,\"read\":true,\"tls\":true,\"acknowledged\":\"on the disk\",\"repeated\":\"kept once\",\"list\":true,\"listed\":\"every record\",\"passed\":true}\n"}
{"Action":"output","Package":"m/drivers/a","Test":"TestOther","Output":"    h.go:1: drivertest {\"driver\":\"a\",\"server\":\"A 1\",\"write\":true,\"read\":true,\"tls\":true,\"acknowledged\":\"on the disk\",\"repeated\":\"kept once\",\"list\":true,\"listed\":\"every record\",\"passed\":true}\n"}
{"Action":"output","Package":"m/drivers/a","Test":"TestMore","Output":"    h.go:1: drivertest {\"driver\":\"a\",\"server\":\"A 0\",\"write\":true,\"passed\":true}\n"}
{"Action":"output","Package":"m/drivers/b","Test":"TestB","Output":"    n.go:2: no B on this machine\n"}
{"Action":"output","Package":"m/drivers/b","Test":"TestB","Output":"--- SKIP: TestB (0.00s)\n"}
{"Action":"skip","Package":"m/drivers/b","Test":"TestB"}
{"Action":"skip","Package":"m/drivers/b","Test":"FuzzB/seed#0"}
{"Action":"skip","Package":"m/drivers/internal/c"}
{"Action":"output","Package":"m/drivers/d","Test":"TestD","Output":"    h.go:1: drivertest {\"driver\":\"d\",\"write\":true,\"errors\":true,\"filed\":true,\"passed\":true}\n"}
`

func TestPage(t *testing.T) {
	f, err := collect(strings.NewReader(output))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := writePage(&b, f); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"| a | yes | – | – | – | – | – | – |  |  | – | A 0 |",
		"| a | yes | yes | yes | – | – | – | yes | on the disk | kept once | every record | A 1; A 2 |",
		"| d | yes | – | – | filed | – | – | – |  |  | – |  |",
		"", "Skipped when this page was made:", "",
		"- m/drivers/b TestB: n.go:2: no B on this machine",
	}
	_, rows, _ := strings.Cut(b.String(), "|---|\n")
	if got := strings.Split(strings.TrimSpace(rows), "\n"); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestFailures(t *testing.T) {
	f, err := collect(strings.NewReader(`{"Action":"output","Test":"T","Output":"h.go:1: drivertest {\"driver\":\"a\",\"passed\":false}\n"}
{"Action":"fail","Package":"p","Test":"T"}
{"Action":"fail","Package":"p"}`))
	if err != nil || !slices.Equal(f.failed, []string{"p T", "p"}) {
		t.Errorf("failed: %q, %v", f.failed, err)
	}
	if err := writePage(&strings.Builder{}, f); err == nil || !strings.Contains(err.Error(), "a fails") {
		t.Errorf("the page: %v", err)
	}
	if _, err := collect(strings.NewReader(`{"Action":"output","Output":"x: drivertest {]"}`)); err == nil {
		t.Error("a broken line is passed over")
	}
}
