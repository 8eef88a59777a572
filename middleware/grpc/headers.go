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

// withHeaders adds the headers to the metadata of an outgoing call. Those that
// are there already, since a proxy passes on what came in, are replaced.
func withHeaders(ctx context.Context, s header.Signed) context.Context {
	if md, ok := metadata.FromOutgoingContext(ctx); ok && (len(md[infoKey]) > 0 || len(md[hmacKey]) > 0) {
		md.Set(infoKey, s.Info)
		md.Set(hmacKey, s.HMAC)
		return metadata.NewOutgoingContext(ctx, md)
	}
	return metadata.AppendToOutgoingContext(ctx, infoKey, s.Info, hmacKey, s.HMAC)
}
