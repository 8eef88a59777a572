// Package drivers opens the stores that traces are kept in. [Open] takes a URL
// and returns a [Store], which writes trace records, reads them back and lists
// the traces that it has. A program imports the packages of the drivers that its
// URLs may name, such as
//
//	import _ "github.com/sonde-go/sonde/drivers/redis"
//
// and links no others. [driver] is for those who write a driver of their own;
// [NewStore] makes a Store of it, or [Register] gives it a scheme. drivertest
// tests it.
//
// [driver]: https://pkg.go.dev/github.com/sonde-go/sonde/drivers/driver
package drivers
