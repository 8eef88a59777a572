// Package drivertest is the conformance suite of drivers: what every
// [drivers.Store] does, whatever its driver. A driver of your own runs it too:
//
//	func TestConformance(t *testing.T) {
//		drivertest.Run(t, drivertest.Harness{
//			Driver: "mystore",
//			New: func(t *testing.T) func() *drivers.Store {
//				url := startEmptyStore(t)
//				return func() *drivers.Store { return open(t, url) }
//			},
//		})
//	}
//
// What a store cannot do is said in the [Harness], and the suite then checks
// that the driver says so too. At the end it logs one line of JSON after the
// word "drivertest" that tells what was run against which server.
package drivertest
