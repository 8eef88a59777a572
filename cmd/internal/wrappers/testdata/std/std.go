// Package std wraps types of the standard library.
package std
