package wrapcheck

import "time"

// Limit is for a test that has most checks fail.
func Limit() *time.Duration { return &limit }
