package sampling

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/sonde-go/sonde/profiler"
)

// Config says which requests are kept.
type Config struct {
	// Rules are tried in order, and the first one that fits a request decides. A
	// request that none fits begins no trace, and traces that others have drawn are
	// kept whole.
	Rules []Rule
	// File is the path of a file with further rules, as [Parse] reads them, which go
	// before Rules. While a Service uses the Sampler, the file is read again every
	// second, and what has changed holds from then on. Empty: none.
	File string
	// Budget is what profiling may cost. Zero: whatever it does.
	Budget Budget
	// MaxRoutes is how many routes rules with PerMinute tell apart. Further ones count
	// as one. Default: 500.
	MaxRoutes int
	// Logger is told when the budget lowers or raises the rates. Nil: slog.Default().
	Logger *slog.Logger
}

// Rule says how many of some requests are kept. One with neither Rate nor PerMinute
// keeps none.
type Rule struct {
	// Layer is the layer that receives the request, as in profiler.Arrival: "http",
	// "grpc", "nats". Empty: any.
	Layer string
	// Method is the HTTP method. Empty: any.
	Method string
	// Path is the path of the request's URL, the full name of the gRPC method, or the
	// subject or topic of the message; or its beginning, if there is a star behind:
	// "/cart/*". Empty: any.
	Path string
	// Rate is the share of requests that are kept, from 0 to 1. It holds for traces
	// that another service has drawn too.
	Rate float64
	// PerMinute is how many requests of each route are kept in a minute, evenly
	// spread; 1 keeps one of each route per minute. Traces that another service has
	// drawn are all kept. It cannot be set together with Rate.
	PerMinute float64
	// JoinOnly says that the rule begins no trace, and is only about those that another
	// service has drawn: for a service whose callers sample. A request that they have not
	// kept looks to it like one that nobody has decided on.
	JoinOnly bool
}

// Budget bounds what profiling costs. When it is exceeded, rates are halved until it
// is not, and doubled again when there is room for several seconds. Traces that
// somebody has asked for are kept all the same, and count.
type Budget struct {
	// CPU is the share of the CPU time that the process may use (GOMAXPROCS) which
	// recording may take, estimated as records per second times RecordCost: 0.01 is one
	// percent. 0: not bounded.
	CPU float64
	// Records is how many records may be made in a second; a point is two. 0: not
	// bounded.
	Records float64
	// RecordCost is the CPU time that one record takes, the sink's included. Zero: it is
	// measured when the Service is made, for about a millisecond and without a sink.
	RecordCost time.Duration
}

const defaultRoutes = 500

func (c *Config) validate() error {
	for i := range c.Rules {
		if err := c.Rules[i].validate(); err != nil {
			return fmt.Errorf("sampling: rule %d %w", i+1, err)
		}
	}
	b := &c.Budget
	switch {
	case !(b.CPU >= 0 && b.CPU <= 1):
		return fmt.Errorf("sampling: the budget is %v of the CPU; want a share from 0 to 1", b.CPU)
	case !(b.Records >= 0) || b.RecordCost < 0:
		return errors.New("sampling: a budget is negative; use zero for none")
	case c.MaxRoutes < 0:
		return errors.New("sampling: MaxRoutes is negative; use zero for the default")
	}
	return nil
}

// validate returns what is wrong with the rule, to be put behind which one it is.
func (r *Rule) validate() error {
	switch {
	case !(r.Rate >= 0 && r.Rate <= 1):
		return fmt.Errorf("has a rate of %v; want a share from 0 to 1", r.Rate)
	case !(r.PerMinute >= 0) || math.IsInf(r.PerMinute, 0):
		return fmt.Errorf("keeps %v a minute; want a number from 0", r.PerMinute)
	case r.JoinOnly && r.PerMinute > 0:
		return errors.New("begins no trace, so it cannot keep a number per minute; set a rate")
	case r.Rate > 0 && r.PerMinute > 0:
		return errors.New("has both a rate and a number per minute; set one")
	case strings.ContainsRune(strings.TrimSuffix(r.Path, "*"), '*'):
		return fmt.Errorf("has the path %q; a star can only be its end", r.Path)
	}
	return nil
}

// fits reports whether the rule is about a.
func (r *Rule) fits(a *profiler.Arrival) bool {
	if r.Layer != "" && r.Layer != a.Layer || r.Method != "" && r.Method != a.Method {
		return false
	}
	if prefix, star := strings.CutSuffix(r.Path, "*"); star {
		return strings.HasPrefix(a.Path, prefix)
	}
	return r.Path == "" || r.Path == a.Path
}

// ParseBudget reads a Budget from a text: a share of the CPU in percent ("1%"), records
// per second ("5000/s"), or both with a comma between them. "" is no budget.
func ParseBudget(text string) (Budget, error) {
	var b Budget
	for item := range strings.SplitSeq(text, ",") {
		item = strings.TrimSpace(item)
		number, perSecond := strings.CutSuffix(item, "/s")
		number, percent := strings.CutSuffix(number, "%")
		value, err := strconv.ParseFloat(number, 64)
		switch {
		case item == "" && strings.TrimSpace(text) == "":
		case err != nil || perSecond == percent:
			return Budget{}, fmt.Errorf("sampling: %q is not a budget; want a share of the CPU such as 1%%, or records per second such as 5000/s", item)
		case perSecond:
			b.Records = value
		default:
			b.CPU = value / 100
		}
	}
	c := Config{Budget: b}
	return b, c.validate()
}
