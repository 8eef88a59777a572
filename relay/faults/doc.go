// Package faults has no code but tests: what becomes of records while parts of the relay
// are killed, frozen and full. Everything is a process of its own, the command sonde
// and nats-server included, and the services are real ones. After each round
//
//	recorded = stored + dropped, by reason
//
// all that was acknowledged is stored and nothing else, and what services drop because
// their queues are full they tell in the store. Each fault has one round, or there are
// as many rounds as SONDE_ROUNDS says; make test-all has 50.
package faults
