package servertest

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestFerretDB(t *testing.T)           { lifecycle(t, FerretDB(t, nil)) }
func TestFerretDBOnPostgres(t *testing.T) { lifecycle(t, FerretDB(t, Postgres(t))) }
func TestZincSearch(t *testing.T)         { lifecycle(t, ZincSearch(t)) }

const span = `{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},
"scopeSpans":[{"spans":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"cart","kind":2,
"startTimeUnixNano":"1770000000000000000","endTimeUnixNano":"1770000001000000000"}]}]}]}`

func sendSpan(t *testing.T, o *OTLP) {
	t.Helper()
	resp, err := http.Post("http://"+o.HTTP+"/v1/traces", "application/json", strings.NewReader(span))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("the span got %s", resp.Status)
	}
}

func testJaeger(t *testing.T, o *OTLP) {
	t.Helper()
	sendSpan(t, o)
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		err := httpOK("http://" + o.Addr + "/api/traces/5b8efff798038103d269b633813fc60c")
		if err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
	http.DefaultClient.CloseIdleConnections()
	lifecycle(t, o.Server)
}

func TestJaeger(t *testing.T)  { testJaeger(t, Jaeger(t)) }
func TestJaeger2(t *testing.T) { testJaeger(t, Jaeger2(t)) }

func TestCollector(t *testing.T) {
	o := Collector(t)
	sendSpan(t, o)
	http.DefaultClient.CloseIdleConnections()
	for end := time.Now().Add(patience); !bytes.Contains(o.Log(), []byte("eee19b7ec3c1b174")); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the span is not in the log: %s", o.Log())
		}
	}
	lifecycle(t, o.Server)
}
