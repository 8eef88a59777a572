// Package drivertest is the conformance suite of drivers: it checks what every
// [drivers.Store] must do, whatever its driver. Run it for a driver of your own
// too:
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
// The [Harness] lists what a store cannot do, and the suite then checks that the
// driver says so too. At the end it logs the word "drivertest" and one line of
// JSON, a [Line], that says what was run against which server.
package drivertest
