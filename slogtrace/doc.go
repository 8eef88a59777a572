// Package slogtrace connects the logs of log/slog with the trace points of a
// request.
//
//	slog.SetDefault(slog.New(slogtrace.NewHandler(slog.NewJSONHandler(os.Stderr, nil))))
//
// A record that is logged with the context of a traced request, as by
// [slog.InfoContext], gets two more attributes: "base_id", the id of the trace, by
// which "sonde trace show" finds it, and "point_id", that of the point in which it
// was logged. They are at the top level, whatever groups the logger has. All other
// records pass unchanged.
//
// With the option [TraceIDs] they have the ids that OpenTelemetry's programs use for
// both, and with the option [Keep] the records of a traced request are also stored in the
// trace, where reports show them.
package slogtrace
