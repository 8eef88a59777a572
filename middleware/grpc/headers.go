package sondegrpc

import (
	"context"
	"strings"

	"google.golang.org/grpc/metadata"

	"github.com/sonde-go/sonde/header"
)

// The keys of the two headers as gRPC keeps metadata, in lower case.
var (
	infoKey = strings.ToLower(header.InfoName)
	hmacKey = strings.ToLower(header.HMACName)
)

// withHeaders adds the headers to the metadata of an outgoing call. It replaces
// those already there, which a proxy may have copied from an incoming call.
func withHeaders(ctx context.Context, s header.Signed) context.Context {
	if s.TraceParent != "" {
		ctx = withTraceParent(ctx, s)
	}
	if md, ok := metadata.FromOutgoingContext(ctx); ok && (len(md[infoKey]) > 0 || len(md[hmacKey]) > 0) {
		md.Set(infoKey, s.Info)
		md.Set(hmacKey, s.HMAC)
		return metadata.NewOutgoingContext(ctx, md)
	}
	return metadata.AppendToOutgoingContext(ctx, infoKey, s.Info, hmacKey, s.HMAC)
}

// withTraceParent adds traceparent to the metadata of an outgoing call, or replaces
// the one of the same trace.
func withTraceParent(ctx context.Context, s header.Signed) context.Context {
	md, _ := metadata.FromOutgoingContext(ctx)
	had := md[header.TraceParentName]
	switch {
	case !s.Replaces(strings.Join(had, ",")):
		return ctx
	case len(had) == 0:
		return metadata.AppendToOutgoingContext(ctx, header.TraceParentName, s.TraceParent)
	}
	md.Set(header.TraceParentName, s.TraceParent)
	return metadata.NewOutgoingContext(ctx, md)
}

// unsigned removes the headers of another trace from the metadata of an outgoing
// call.
func unsigned(ctx context.Context) context.Context {
	if md, ok := metadata.FromOutgoingContext(ctx); ok && (len(md[infoKey]) > 0 || len(md[hmacKey]) > 0) {
		return metadata.NewOutgoingContext(ctx, withoutHeaders(md))
	}
	return ctx
}

// withoutHeaders copies md without the two headers.
func withoutHeaders(md metadata.MD) metadata.MD {
	out := make(metadata.MD, len(md))
	for key, values := range md {
		if !strings.EqualFold(key, infoKey) && !strings.EqualFold(key, hmacKey) {
			out[key] = values
		}
	}
	return out
}
