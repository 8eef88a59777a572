package text_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sonde-go/sonde/report"
	"github.com/sonde-go/sonde/report/outputtest"
)

// plusOne is an order that asks for each of its 200 products over gRPC, with a
// query in the other service that has its id as a literal.
func plusOne() []string {
	var tr trace
	call := func(name, kind, parent, service, host, method string, from, to int) string {
		return tr.micros(name, parent, service, from, to,
			fmt.Sprintf(`{"grpc":{"method":"/hipstershop.%s"},"sonde":{"kind":"%s"},"host":"%s"}`, method, kind, host),
			fmt.Sprintf(`{"grpc":{"code":"OK"},"host":"%s"}`, host))
	}
	root := tr.micros("http", "base", "frontend", 0, 693_000, `{"request":{"path":"/cart/checkout","method":"POST"},"host":"web-1"}`, `{"response":{"status_code":200},"host":"web-1"}`)
	order := call("grpc_client", "client", root, "frontend", "web-1", "CheckoutService/PlaceOrder", 2_000, 691_000)
	placed := call("grpc", "server", order, "checkoutservice", "checkout-1", "CheckoutService/PlaceOrder", 2_300, 690_700)
	for i := range 200 {
		at := 2_500 + 3_435*i
		get := call("grpc_client", "client", placed, "checkoutservice", "checkout-1", "ProductCatalogService/GetProduct", at, at+3_430)
		got := call("grpc", "server", get, "productcatalogservice", "catalog-1", "ProductCatalogService/GetProduct", at+300, at+3_100)
		tr.micros("db", got, "productcatalogservice", at+400, at+3_000+i%7, fmt.Sprintf(`{"db":{"statement":"SELECT id, name, price_cents FROM products WHERE id = %d"},"host":"catalog-1"}`, 1000+i), `{"host":"catalog-1"}`)
	}
	return tr.records
}

// TestWidths compares with files that were read by a person, as wide as terminals
// are, with the limit that the command has.
func TestWidths(t *testing.T) {
	traces := map[string]*report.Report{
		"nplusone": build(t, plusOne()),
		"chain":    build(t, deepTrace(70)),
	}
	for _, trace := range outputtest.Traces(t) {
		if slices.Contains([]string{"shop", "hostile", "unfinished"}, trace.Name) {
			traces[trace.Name] = trace.Report(t)
		}
	}
	for name, r := range traces {
		for _, width := range []int{80, 120, 200} {
			text := write(t, r, report.Options{Width: width, MaxRows: 200, More: "--all shows them"})
			checkPrintable(t, text)
			checkWidth(t, text, width)
			outputtest.Golden(t, filepath.Join("testdata", fmt.Sprintf("%s-%d.txt", name, width)), []byte(text))
		}
	}
}

// TestCauseComesFirst: the cause, its name and its number are in the first ten
// lines and before the first row, and the waterfall is short.
func TestCauseComesFirst(t *testing.T) {
	text := write(t, build(t, plusOne()), report.Options{Width: 80, MaxRows: 200})
	before, after, _ := strings.Cut(text, "\n  point ")
	if strings.Count(before, "\n") > 10 || !strings.Contains(before, "GetProduct ×200") || !strings.HasPrefix(text, "POST /cart/checkout 200 in frontend, 693 ms, 603 points, 3 services\ntrace ") {
		t.Error(text)
	}
	if n := strings.Count(after, "\n"); n > 20 {
		t.Errorf("%d lines", n)
	}
}

// TestReadme: what README.md shows of findings is what is written.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(write(t, build(t, plusOne()), report.Options{Width: 80}), "\n\n  point")
	if !strings.Contains(string(readme), "```\n"+head+"\n```\n") {
		t.Errorf("README.md does not have\n%s", head)
	}
}
