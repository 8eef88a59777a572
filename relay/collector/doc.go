// Package collector takes records out of the spool of a site's NATS cluster, where
// agents have put them, to one or more stores: checked, changed by rules, and sampled by
// whole traces if asked for.
//
// Any number of collectors share the work. One that dies loses nothing: the others get
// what it had not finished, half a minute later. A record is acknowledged, and deleted
// from the spool, when all stores have it. What no store will ever take goes to the
// quarantine (package quarantine).
package collector
