package sondeconnect

import (
	"context"
	"errors"
	"log/slog"
	"os"

	"connectrpc.com/connect"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/profiler"
)

// verdict reports whether a call that ended with code failed, and what its outcome is
// called, as in gRPC: a client's call fails whatever the error, a server's if the
// server is to blame. gone means that the client cancelled or that its deadline
// passed.
func verdict(side layer.Kind, code connect.Code, gone bool) (failed bool, outcome string) {
	switch code {
	case connect.CodeCanceled:
		if gone {
			return false, "cancelled"
		}
		return true, ""
	case connect.CodeDeadlineExceeded:
		if side == layer.Client {
			return true, "timeout"
		}
		if gone {
			return false, "timeout"
		}
		return true, ""
	case connect.CodeUnknown, connect.CodeUnimplemented, connect.CodeInternal, connect.CodeUnavailable, connect.CodeDataLoss:
		return true, ""
	}
	return side == layer.Client, ""
}

// codeOf is the code that connect sends for an error of a handler.
func codeOf(err error) connect.Code {
	if coded := new(connect.Error); errors.As(err, &coded) {
		return coded.Code()
	}
	switch {
	case errors.Is(err, context.Canceled):
		return connect.CodeCanceled
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return connect.CodeDeadlineExceeded
	}
	return connect.CodeUnknown
}

// end ends the point of a call that returned err; more is stored beside the code.
func end(p profiler.Point, side layer.Kind, err error, gone bool, more ...slog.Attr) {
	e := profiler.Ending{Group: layer.Connect.Group}
	if err == nil {
		p.End(e, more...)
		return
	}
	code := codeOf(err)
	more = append(more, slog.String("code", code.String()))
	failed, outcome := verdict(side, code, gone)
	if e.Outcome = outcome; failed {
		e.Err, e.Etype = err, "connect."+code.String()
	}
	p.End(e, more...)
}
