package findings

// claims is a set of subtrees, each the nodes from its own to its end. It
// answers in logarithmic time.
type claims struct {
	roots    fenwick // 1 at each subtree's node
	covering fenwick // differences: how many subtrees cover a node
	any      bool
}

func newClaims(n int) *claims {
	return &claims{roots: make(fenwick, n+2), covering: make(fenwick, n+2)}
}

// overlaps says whether a subtree is in, holds or is one of the set.
func (c *claims) overlaps(node, end int32) bool {
	return c.any && (c.covers(node) || c.roots.sum(end-1) > c.roots.sum(node-1))
}

// covers says whether a node is in a subtree of the set.
func (c *claims) covers(node int32) bool { return c.any && c.covering.sum(node) > 0 }

func (c *claims) add(node, end int32) {
	if c.overlaps(node, end) {
		return
	}
	c.any = true
	c.roots.add(node, 1)
	c.covering.add(node, 1)
	c.covering.add(end, -1)
}

// fenwick has the sums of the beginnings of a list of numbers.
type fenwick []int32

func (f fenwick) add(i, n int32) {
	for i++; int(i) < len(f); i += i & -i {
		f[i] += n
	}
}

// sum is that of the numbers up to the i-th.
func (f fenwick) sum(i int32) (s int32) {
	for i++; i > 0; i -= i & -i {
		s += f[i]
	}
	return s
}
