package sqlcheck

import "time"

// SetTimeout sets how long a check may take and returns what undoes it.
func SetTimeout(d time.Duration) (undo func()) {
	old := timeout
	timeout = d
	return func() { timeout = old }
}
