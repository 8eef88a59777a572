// Package jaeger is empty: this module pins the version and the sums with which
// the commands of Jaeger are built.
package jaeger
