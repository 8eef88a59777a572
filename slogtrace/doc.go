// Package slogtrace brings the logs of log/slog and the trace points of a
// request together.
//
//	slog.SetDefault(slog.New(slogtrace.NewHandler(slog.NewJSONHandler(os.Stderr, nil))))
//
// A record that is logged with the context of a traced request, as by
// [slog.InfoContext], gets two attributes more: "base_id", which names the
// trace, and "point_id", the point in which it was logged. They stand at the
// top, whatever groups the logger has. All other records pass as they are.
//
// With the option [Keep] the records of a traced request are also kept in the
// trace, where reports show them.
package slogtrace
