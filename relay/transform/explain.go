package transform

import "github.com/sonde-go/sonde/record"

// Step is what one rule does to a record.
type Step struct {
	Line int    // of the rule
	What string // such as "redacts 2 values"
}

// Explain does what [Rules.Apply] does, and returns the rules that had an effect.
func (r *Rules) Explain(e *record.Event) (steps []Step, keep bool) {
	keep = r.apply(e, func(line int, what string) { steps = append(steps, Step{line, what}) })
	return steps, keep
}

// Len returns how many rules there are.
func (r *Rules) Len() int { return len(r.rules) }
