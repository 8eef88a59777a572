package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/sonde-go/sonde/bench/internal/server"
	"github.com/sonde-go/sonde/header"
)

// spansPost is a post's points as OTLP's spans: two records are one span.
const spansPost = perPost / 2

// otel measures an OpenTelemetry Collector, with the points of the same traces as spans
// in protobuf over HTTP, 256 a post, which it throws away.
func (b *bench) otel(ctx context.Context) error {
	fmt.Println("\nOpenTelemetry Collector: the same points as spans, OTLP/HTTP in protobuf, 256 a post; spans/s/core")
	command := filepath.Join(b.dir, "otelcol")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", command, ".")
	build.Dir = "../internal/servertest/src/collector"
	build.Env = append(build.Environ(), "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building it: %w: %s", err, out)
	}
	for _, c := range []struct{ what, queue string }{
		{"received, decoded and thrown away", ""},
		{"the same through its queue in memory", "sending_queue: {enabled: true, queue_size: 100000, block_on_overflow: true}"},
	} {
		addr, err := server.FreeAddr()
		if err != nil {
			return err
		}
		config := b.folder() + ".yaml"
		text := fmt.Sprintf(`
receivers:
  otlp: {protocols: {http: {endpoint: %q}}}
exporters:
  debug: {verbosity: basic, %s}
service:
  telemetry: {metrics: {level: none}, logs: {level: error}}
  pipelines:
    traces: {receivers: [otlp], exporters: [debug]}
`, addr, c.queue)
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			return err
		}
		var said bytes.Buffer
		cmd := exec.CommandContext(ctx, command, "--config", config)
		cmd.Stdout, cmd.Stderr = &said, &said
		if err := cmd.Start(); err != nil {
			return err
		}
		p := &process{cmd: cmd}
		perCore, err := b.otelRounds(p, addr)
		p.stop()
		if err != nil {
			return fmt.Errorf("%w: %s", err, &said)
		}
		row(c.what, perCore, "", fmt.Sprintf("   (as many points as %s records)", thousands(2*perCore)))
	}
	return nil
}

func (b *bench) otelRounds(p *process, addr string) (float64, error) {
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			conn.Close()
			break
		}
		if time.Now().After(end) {
			return 0, err
		}
	}
	body, err := spans(spansPost)
	if err != nil {
		return 0, err
	}
	fmt.Printf("  (a span has %d bytes there)\n", len(body)/spansPost)
	to := target{"tcp", addr}
	request := post("/v1/traces", "application/x-protobuf", body)
	if err := to.all(senders, 400, request); err != nil {
		return 0, err
	}
	return b.each(p, b.posts*spansPost, func() error { return to.all(senders, b.posts, request) })
}

// spans are the points of records(2n, 1), as the body of an OTLP request.
func spans(n int) ([]byte, error) {
	text := func(s string) *commonpb.AnyValue {
		return &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: s}}
	}
	trace := header.NewID()
	id := []byte(trace.String()[:16])
	began := uint64(time.Date(2026, 1, 2, 3, 4, 5, 678901234, time.UTC).UnixNano())
	all := make([]*tracepb.Span, n)
	for i := range all {
		all[i] = &tracepb.Span{
			TraceId: id, SpanId: fmt.Appendf(nil, "%08x", i), ParentSpanId: id[:8], Name: "db", Kind: tracepb.Span_SPAN_KIND_CLIENT,
			StartTimeUnixNano: began + uint64(2*i)*123457, EndTimeUnixNano: began + uint64(2*i+1)*123457,
			Attributes: []*commonpb.KeyValue{{Key: "db.query.text", Value: text("SELECT name, price FROM items WHERE shop = $1")}},
		}
	}
	return proto.Marshal(&tracepb.TracesData{ResourceSpans: []*tracepb.ResourceSpans{{
		Resource: &resourcepb.Resource{Attributes: []*commonpb.KeyValue{
			{Key: "service.name", Value: text("cart")}, {Key: "service.namespace", Value: text("shop")}, {Key: "host.name", Value: text("node-17")},
		}},
		ScopeSpans: []*tracepb.ScopeSpans{{Spans: all}},
	}}})
}
