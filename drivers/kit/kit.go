// Package kit has what drivers, those of other modules included, would otherwise
// each have to write:
//
//   - [Limit]: an exchange with a server ends when there is no answer for too long
//   - [Halve]: finding the items that a server refuses without saying which
//   - [TraceList]: the list of traces of a store without an index
//   - [Mutex]: a lock that heeds a context
//   - [TLSOptions], [ParseHosts], [ParseDuration] and so on: the parts of a URL,
//     for which drivers.URL uses them
package kit
