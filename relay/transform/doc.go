// Package transform changes records on their way to a store, by rules of a file:
//
//	rules:
//	  - redact:                       # in all records
//	      keys: [db.params, "**.password"]
//	      values: ['\b[0-9]{13,19}\b']
//	      with: "***"                 # the default
//	  - when: {service: "test-*"}
//	    drop: true
//	  - when: {project: shop, name: [db, sql]}
//	    rename: {name: query}
//	  - add: {region: eu-1, canary: false}
//
// The rules are applied in their order, each to what the ones before have made. A
// record is one half of a point: a rule should fit its start and its stop alike, and
// does, since project, service and name are the same.
//
// # When
//
// A rule applies to the records that all of its conditions fit: "project", "service"
// and "name", the name of the point without "-start" or "-stop". Each is a text or a
// list of texts of which one has to fit; a "*" stands for any characters. A rule
// without "when" applies to all records.
//
// # What
//
// A rule does one thing:
//
//	redact   hides values of info. "keys" are paths, such as db.params: a "*" stands
//	         for any characters of one key, "**" for any number of keys; case does not
//	         matter, a key with dots is as many keys, and what is in a list is at the
//	         path of the list. What is found there, of whatever type, becomes "with".
//	         "values" are regular expressions (RE2): what matches in any text or number
//	         becomes "with". What a "*" of keys stands for is never host or sonde,
//	         which reports need. Members that a record has beside its own are
//	         redacted as if they were in info.
//	rename   gives the point another "name", or another "service" or "project".
//	drop     drops the record. A dropped point's children seem to have lost it.
//	add      adds keys to info, with a text, a number, true or false each. Those that a
//	         record has already stay as they are.
//
// Keys that are none of these are errors, with their lines.
package transform
