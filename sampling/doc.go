// Package sampling keeps a part of the requests that nobody has asked to trace, and
// what it costs within a budget.
//
//	sampler, err := sampling.New(sampling.Config{Rules: []sampling.Rule{
//		{Path: "/healthz"},                  // none
//		{Path: "/cart/*", PerMinute: 10},    // ten a minute of each route
//		{Rate: 0.01},                        // one of a hundred of all others
//	}})
//	…
//	svc, err := sonde.Open(ctx, sonde.Config{Sampler: sampler, …})
//
// Decisions are coherent. The service that a request reaches first decides, and the
// base id of a trace that it keeps says so, see [header.Sample]. A service behind it
// keeps at a lower rate of its own a part of those, always the same as any other
// service at that rate, and passes the headers of the others on as they came: so a
// trace that a service keeps has all its points here and further down as far as rates
// allow, and no point hangs in the air. Since a request that a service has not kept
// carries nothing onwards, those behind it should begin no traces: Rule.JoinOnly. A trace that somebody has asked for, by signing
// its headers himself, has an id of another kind and is never thinned out.
//
// Rules can be written as a text, for configuration files and for [Sampler.Set] from
// elsewhere, see [Parse]. docs/sampling.md tells when to use what.
package sampling
