package tail

import "strconv"

// Settings are what the rules say of decisions, by the names that a file of rules has for
// them. How much a collector may hold is left out: it changes no rule.
func (r *Rules) Settings() map[string]string {
	share := func(f float64) string { return strconv.FormatFloat(100*f, 'g', 6, 64) + "%" }
	return map[string]string{
		"quiet":            r.Quiet.String(),
		"at_most":          r.AtMost.String(),
		"remember":         r.Remember.String(),
		"stress":           share(r.Stress),
		"keep.errors":      strconv.FormatBool(r.Errors),
		"keep.slowest":     share(r.Slowest),
		"keep.rare.below":  strconv.Itoa(r.RareBelow),
		"keep.rare.within": r.RareWithin.String(),
		"keep.rate":        strconv.Itoa(r.Rate),
		"keep.probability": share(r.Probability),
	}
}
