package sqlcheck

import "time"

// Checks are the names of all checks.
func Checks() []string {
	var l []string
	for _, c := range all() {
		l = append(l, c.name)
	}
	return l
}

// SetTimeout sets how long a check may take and returns what undoes it.
func SetTimeout(d time.Duration) (undo func()) {
	old := timeout
	timeout = d
	return func() { timeout = old }
}
