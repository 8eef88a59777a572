// Package sondetest profiles code in tests and checks how it uses databases and
// other services: how many queries it makes, whether any of them is repeated,
// whom it calls. Everything happens in the process of the test; no store is
// needed.
//
//	func TestCart(t *testing.T) {
//		p := sondetest.Profile(t, func(ctx context.Context) {
//			if _, err := cart.Load(ctx, db, 7); err != nil { // db is of sqltrace
//				t.Fatal(err)
//			}
//		})
//		p.NoRepeatedQueries()
//		p.MaxQueries(3)
//	}
//
// A handler or a server records into a [Recorder]'s Service, and is asked by a
// signed request:
//
//	rec := sondetest.New(t)
//	h := sondehttp.Handler(rec.Service("cart"), cart.Handler(db))
//	p := rec.Profile(func(ctx context.Context) {
//		h.ServeHTTP(httptest.NewRecorder(), sondetest.Request(ctx, "GET", "/cart/7", nil))
//	})
//
// [Client] signs the requests of an HTTP client, for httptest.Server. A gRPC client
// needs its usual interceptor and the context, over bufconn as over a network.
//
// The test that finds an N+1 without a number to maintain runs the code with two
// rows and with three, and demands as many calls with three as with two:
//
//	sondetest.Scale(t,
//		func(n int) { fill(db, n) },
//		func(ctx context.Context) { list(ctx, db) },
//	).Constant()
//
// # When a profile ends
//
// A profile ends when each point that began in it has ended, those of goroutines
// and of other services of the Recorder included. Nothing polls or sleeps: the
// records of the last point to end are what is waited for. A point that never
// ends fails the test, by its name, see [Patience]. So do records that were
// dropped. What has not begun when the function returns cannot be waited for: let
// the function wait for messages and goroutines whose points it wants to see.
// Points that begin later fail the test when it ends, since they would be
// in some profiles of this code and not in others.
//
// # What is counted
//
// Two calls are the same if their [findings.Subject] is: the statement without
// literals, the method, the path with a star for each id. BEGIN, COMMIT and ROLLBACK
// are not queries, and neither is what depends on the pool: connecting, preparing.
//
// A count of nothing proves nothing, so a profile without a point of any layer
// fails the test, see [AllowNoLayer], and so does an assertion about queries that
// allows some and sees none: the usual cause is a database that was not opened
// with sqltrace, or a call that was not given the context.
//
// An assertion that does not hold fails the test and lets it go on. The first
// failure of a profile also shows its calls and its waterfall.
package sondetest
