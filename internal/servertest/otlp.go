package servertest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// OTLP is a server that takes OpenTelemetry's protocol. Its tests run only under
// SONDE_TEST_ALL=1.
type OTLP struct {
	*Server
	GRPC string // host:port for OTLP over gRPC
	HTTP string // host:port for OTLP over HTTP
}

// Jaeger starts Jaeger 1, which keeps its traces in memory and answers
// questions at http://Addr/api/.
func Jaeger(t testing.TB) *OTLP {
	t.Helper()
	slow(t, "Jaeger 1")
	path := built(t, "jaeger", "github.com/jaegertracing/jaeger/cmd/all-in-one")
	query, grpc, http := freePort(t), loopback(freePort(t)), loopback(freePort(t))
	args := []string{"--log-level=warn",
		"--query.http-server.host-port=" + loopback(query),
		"--collector.otlp.grpc.host-port=" + grpc,
		"--collector.otlp.http.host-port=" + http,
	}
	for _, unused := range []string{"admin.http", "collector.grpc-server", "collector.http-server", "query.grpc-server"} {
		args = append(args, "--"+unused+".host-port="+loopback(freePort(t)))
	}
	s := start(t, t.TempDir(), query, spec{
		name: "jaeger", path: path, args: args,
		env:   []string{"SPAN_STORAGE_TYPE=memory"},
		ready: otlpReady(grpc, http, "/api/services"),
	})
	return &OTLP{s, grpc, http}
}

// Jaeger2 starts Jaeger 2, which keeps its traces in memory and answers
// questions at http://Addr/api/.
func Jaeger2(t testing.TB) *OTLP {
	t.Helper()
	slow(t, "Jaeger 2")
	path := built(t, "jaeger", "github.com/jaegertracing/jaeger/cmd/jaeger")
	query, grpc, http := freePort(t), loopback(freePort(t)), loopback(freePort(t))
	config := fmt.Sprintf(`
service:
  extensions: [jaeger_storage, jaeger_query]
  pipelines:
    traces: {receivers: [otlp], exporters: [jaeger_storage_exporter]}
  telemetry:
    metrics: {level: none}
    logs: {level: warn}
extensions:
  jaeger_query:
    storage: {traces: memory}
    http: {endpoint: %q}
    grpc: {endpoint: %q}
  jaeger_storage:
    backends: {memory: {memory: {max_traces: 100000}}}
receivers:
  otlp:
    protocols: {grpc: {endpoint: %q}, http: {endpoint: %q}}
exporters:
  jaeger_storage_exporter: {trace_storage: memory}
`, loopback(query), loopback(freePort(t)), grpc, http)
	s := start(t, t.TempDir(), query, spec{
		name: "jaeger2", path: path,
		args:  []string{"--config", writeConfig(t, config)},
		ready: otlpReady(grpc, http, "/api/services"),
	})
	return &OTLP{s, grpc, http}
}

// Collector starts an OpenTelemetry Collector that prints every span in full to
// its Log.
func Collector(t testing.TB) *OTLP {
	t.Helper()
	slow(t, "OpenTelemetry Collector")
	path := built(t, "collector", ".")
	port := freePort(t)
	grpc, http := loopback(freePort(t)), loopback(port)
	config := fmt.Sprintf(`
receivers:
  otlp:
    protocols: {grpc: {endpoint: %q}, http: {endpoint: %q}}
exporters:
  debug: {verbosity: detailed}
service:
  telemetry:
    metrics: {level: none}
    logs: {level: info, encoding: json}
  pipelines:
    traces: {receivers: [otlp], exporters: [debug]}
`, grpc, http)
	s := start(t, t.TempDir(), port, spec{
		name: "collector", path: path,
		args:  []string{"--config", writeConfig(t, config)},
		ready: otlpReady(grpc, http, ""),
	})
	return &OTLP{s, grpc, http}
}

// otlpReady waits until both ways in are open and, where the server has one,
// the way to ask answers.
func otlpReady(grpc, http, ask string) func(*Server) error {
	return func(s *Server) error {
		for _, addr := range []string{grpc, http} {
			if err := talk(addr, "", nil); err != nil {
				return err
			}
		}
		if ask == "" {
			return nil
		}
		return httpOK("http://" + s.Addr + ask)
	}
}

func writeConfig(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
