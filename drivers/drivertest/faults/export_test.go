package faults

// Scenarios are all of them.
func Scenarios() (all []Scenario) {
	for _, sc := range scenarios {
		all = append(all, sc.name)
	}
	return all
}
