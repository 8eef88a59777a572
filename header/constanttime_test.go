package header_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"testing"
)

// TestConstantTime: how long a signature is compared does not tell how much of it is
// right, since package crypto/subtle compares it and nothing else does. Time itself
// cannot be measured well enough for a test.
func TestConstantTime(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "key.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "ConstantTimeCompare" {
				compared++
			} else if ok && f.Sel.Name == "Equal" {
				t.Error("key.go compares with Equal")
			}
		case *ast.BinaryExpr:
			name, ok := n.X.(*ast.Ident)
			if _, constant := n.Y.(*ast.BasicLit); ok && !constant && name.Name == "mac" && (n.Op == token.EQL || n.Op == token.NEQ) {
				t.Error("key.go compares a signature with ==")
			}
		}
		return true
	})
	if compared != 1 {
		t.Errorf("%d comparisons in constant time, want 1", compared)
	}
}
