// Package drivers opens the stores in which traces are kept. [Open] takes a URL
// and returns a [Store], which writes trace records, reads them back and lists
// its traces. A program imports the driver packages for the URLs that it accepts,
// such as
//
//	import _ "github.com/sonde-go/sonde/drivers/redis"
//
// and links no others. Package [driver] is for authors of drivers: [NewStore]
// makes a Store from a driver, and [Register] gives it a [Scheme]. Package [kit]
// has what drivers share, and drivertest is their conformance suite.
//
// # URLs
//
// A URL may have options after a "?". Each scheme has its own, which [Schemes]
// returns and the command "sonde drivers" prints. The schemes of stores reached
// over a network share these; a duration is written as 2s, or as a number of
// seconds:
//
//	connect_timeout=5s    how long making a connection may take
//	socket_timeout=10s    how long one exchange may take without an answer
//
// and, with TLS, which is chosen by another scheme ("rediss") or by tls=true:
//
//	tls_ca=FILE           PEM file of the authorities to trust, in place of the system's
//	tls_cert=FILE         PEM file of the client's own certificate, tls_key=FILE its key
//	tls_server_name=NAME  the name in the server's certificate, if it is not the host's
//	insecure=true         accept any certificate
//
// The spellings common around OSProfiler are accepted too: ssl, ssl_ca,
// ssl_ca_certs, ssl_ca_file, ssl_cert, ssl_key and ssl_cert_reqs. A URL takes
// precedence over [Options]. Characters that have a meaning in URLs are
// percent-encoded.
//
// [driver]: https://pkg.go.dev/github.com/sonde-go/sonde/drivers/driver
// [kit]: https://pkg.go.dev/github.com/sonde-go/sonde/drivers/kit
package drivers
