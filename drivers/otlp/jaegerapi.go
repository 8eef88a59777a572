package otlp

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/sonde-go/sonde/drivers/kit"
)

// What Jaeger's query API answers, as its own user interface reads it:
// https://www.jaegertracing.io/docs/latest/architecture/apis/#query-json-over-http
type (
	jaegerTrace struct {
		TraceID   string                   `json:"traceID"`
		Spans     []jaegerSpan             `json:"spans"`
		Processes map[string]jaegerProcess `json:"processes"`
	}
	jaegerSpan struct {
		SpanID     string `json:"spanID"`
		Name       string `json:"operationName"`
		References []struct {
			Type    string `json:"refType"`
			TraceID string `json:"traceID"`
			SpanID  string `json:"spanID"`
		} `json:"references"`
		Start     int64       `json:"startTime"` // Unix time in microseconds
		Duration  int64       `json:"duration"`  // microseconds
		Tags      []jaegerTag `json:"tags"`
		Logs      []jaegerLog `json:"logs"`
		ProcessID string      `json:"processID"`
	}
	jaegerLog struct {
		Fields []jaegerTag `json:"fields"`
	}
	jaegerTag struct {
		Key   string          `json:"key"`
		Value json.RawMessage `json:"value"`
	}
	jaegerProcess struct {
		Service string      `json:"serviceName"`
		Tags    []jaegerTag `json:"tags"`
	}
)

func (j *jaeger) get(ctx context.Context, path string, q url.Values) (traces []jaegerTrace, err error) {
	err = j.ask(ctx, path, q, &traces)
	return traces, err
}

// ask reads the data of an answer. If nothing is found, data is left unchanged.
func (j *jaeger) ask(ctx context.Context, path string, q url.Values, data any) error {
	limit := kit.Limit{Store: "Jaeger's query API at " + oneLine(j.query.Host), Time: j.limit.Time}
	ctx, wait := limit.Begin(ctx)
	return wait.End(j.read(ctx, wait, path, q, data))
}

func (j *jaeger) read(ctx context.Context, wait *kit.Wait, path string, q url.Values, data any) error {
	u := *j.query
	u.Path = strings.TrimSuffix(u.Path, "/") + path
	u.RawPath, u.RawQuery = "", q.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return j.explain(err)
	}
	resp, err := j.client.Do(r)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		return j.explain(err)
	}
	defer resp.Body.Close()
	answer := struct {
		Data   any `json:"data"`
		Errors []struct {
			Message string `json:"msg"`
		} `json:"errors"`
	}{Data: data}
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(wait.Reader(resp.Body), 1000))
		notFound := resp.StatusCode == http.StatusNotFound && json.Unmarshal(text, &answer) == nil && len(answer.Errors) > 0
		if notFound {
			return nil
		}
		return j.explain(fmt.Errorf("%s: %s", resp.Status, text))
	}
	if err := json.NewDecoder(wait.Reader(resp.Body)).Decode(&answer); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		return j.explain(fmt.Errorf("the answer cannot be read: %w", err))
	}
	return nil
}

// explain names the query API without its password.
func (j *jaeger) explain(err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	return &shownError{text: "Jaeger's query API at " + oneLine(j.query.Host) + ": " + oneLine(err.Error()), err: err}
}

func hexText(b []byte) string { return hex.EncodeToString(b) }
