// Package evidence measures how often findings are right. Its tests run services,
// record traces of them under load with no cause planted, and others with a cause
// planted in a real part: a proxy before PostgreSQL that delays one statement, a
// stopped process, a replica that sleeps. docs/evidence.md has the method and the
// figures of a full run.
//
// It is a module of its own since the services it records bring many others.
package evidence
