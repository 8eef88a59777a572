// Package faults is a suite of failing servers: a store that is down, frozen,
// killed, slow or full, whose replies break off, or that refuses the credentials.
// It checks that a driver then keeps the promises of [record.Sink] and
// [drivers.Store]:
//
//   - The accounts of a service balance: each record that it made is stored, or
//     dropped for a reason that is counted, or unconfirmed. Nothing that the
//     store has acknowledged is lost, and [record.ErrNotSent] is returned only for
//     records that the store does not have.
//   - No traced request waits for the store.
//   - Reads end with their context, every call ends by itself, and so does Close.
//   - Errors are one line without secrets.
//
// Run it for a driver of your own besides the conformance suite of package
// drivertest, against a server that the test can stop, or against a stand-in in
// the test's own process behind a [Proxy]:
//
//	func TestFaults(t *testing.T) {
//		faults.Run(t, faults.Harness{New: func(t *testing.T) *faults.Server {
//			s := startServer(t)
//			return &faults.Server{
//				Addr: s.Addr,
//				URL:  func(addr string) string { return "mystore://" + addr },
//				Stop: s.Stop, Start: s.Start, Kill: s.Kill, Freeze: s.Freeze, Thaw: s.Thaw,
//			}
//		}})
//	}
//
// It is a separate package because the accounts are those of the profiler's
// queue, which drivers and their conformance suite do not link.
package faults
