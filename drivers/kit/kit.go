// Package kit has what drivers share and would otherwise each write by
// themselves. Drivers of other modules may use it too.
package kit
