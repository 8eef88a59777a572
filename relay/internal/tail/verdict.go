package tail

// Verdict is what became of a trace.
type Verdict struct {
	Keep bool `json:"keep,omitempty"`
	// Rule is what kept it: "asked", "errors", "rare", "slowest", "rate",
	// "probability", or "stress", which drops too; "" if no rule did.
	Rule string `json:"rule,omitempty"`
	// Of is how many traces a kept one stands for: 1 if all of its sort are kept.
	Of float64 `json:"of,omitempty"`
	// Early is why it was not held until it was quiet: "memory" if there was no room, or
	// the cause of the stress.
	Early string `json:"early,omitempty"`
}

// The rules, in the order in which the first that keeps a trace is named.
const (
	byAsked       = "asked"
	byErrors      = "errors"
	byRare        = "rare"
	bySlowest     = "slowest"
	byRate        = "rate"
	byProbability = "probability"
	byStress      = "stress"
)

// Asked is the verdict on a trace that was asked for.
var Asked = Verdict{Keep: true, Rule: byAsked, Of: 1}
