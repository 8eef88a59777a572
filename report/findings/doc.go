// Package findings names the cause: what went wrong in a trace and where its time
// went, in sentences, each with the points that prove it.
//
//	result := findings.Find(r, findings.Options{})
//	for _, f := range result.Findings {
//		fmt.Println(f.Kind, f.Text)
//	}
//
// What went wrong is always said, in this order: failures, what has not ended,
// records that were lost, parents that are missing, clocks that differ. What took
// time follows, by the time that it would save, and only where it matters. A trace
// with nothing to say has no findings.
//
// The measure of time is the critical path: the root's time cut into sections,
// each of which belongs to the point that everything waited for. Sections do not
// overlap and leave nothing out, so shares add up to one.
//
// docs/findings.md has the rule of each kind with its thresholds.
package findings
