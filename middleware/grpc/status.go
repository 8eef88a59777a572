package sondegrpc

import (
	"fmt"
	"log/slog"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
)

// statusOf is the status that gRPC derives from the error of a call. The error's
// own methods run here and may panic.
func statusOf(err error) (code codes.Code, message string) {
	if err == nil {
		return codes.OK, ""
	}
	defer func() {
		if v := recover(); v != nil {
			code, message = codes.Unknown, fmt.Sprintf("!PANIC: %v", v)
		}
	}()
	st, ok := status.FromError(err)
	if !ok {
		st = status.FromContextError(err)
	}
	return st.Code(), st.Message()
}

// verdict reports whether a call that ended with code failed, and what its outcome
// is called. gone means that the client cancelled or that its deadline passed.
func verdict(s side, code codes.Code, gone bool) (failed bool, outcome string) {
	switch code {
	case codes.OK:
		return false, ""
	case codes.Canceled:
		if gone {
			return false, "cancelled"
		}
		return true, ""
	case codes.DeadlineExceeded:
		if s == clientSide {
			return true, "timeout"
		}
		if gone {
			return false, "timeout"
		}
		return true, ""
	case codes.Unknown, codes.Unimplemented, codes.Internal, codes.Unavailable, codes.DataLoss:
		return true, ""
	}
	return s == clientSide, ""
}

// end ends the point of a call that returned err; more is stored beside the code.
func end(p profiler.Point, s side, err error, gone bool, more ...slog.Attr) {
	code, message := statusOf(err)
	failed, outcome := verdict(s, code, gone)
	if failed {
		fail(p, code, message, outcome, more)
		return
	}
	if message != "" {
		more = append([]slog.Attr{slog.String("message", message)}, more...)
	}
	p.End(profiler.Ending{Group: layer.GRPC.Group, Encoded: encodedCode(code), Outcome: outcome}, more...)
}

// fail ends the point of a failed call. The Go type of a client's error is the
// same whatever the code, so the recorded type is named after the code.
func fail(p profiler.Point, code codes.Code, message, outcome string, more []slog.Attr) {
	attrs := append([]slog.Attr{slog.String("code", code.String())}, more...)
	p.End(profiler.Ending{Outcome: outcome},
		slog.String("etype", "grpc."+code.String()),
		slog.String("message", message),
		slog.Attr{Key: layer.GRPC.Group, Value: slog.GroupValue(attrs...)})
}
