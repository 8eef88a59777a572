package gen

import (
	"go/types"
	"strings"
)

// wrapped is the type of a target as its methods see it.
type wrapped struct {
	typ     types.Type // an instance with its own parameters if it is generic
	holds   types.Type // what the new type embeds: an interface, a pointer to a struct or to what methods change
	params  []*types.TypeParam
	methods []*types.Func
}

// examine finds the type parameters and the methods of a target.
func (l *loaded) examine(t *target) (w *wrapped, wrong *Error) {
	fail := func(format string, args ...any) (*wrapped, *Error) { return nil, l.wrong(t.pos, 0, format, args...) }
	name := t.typ.Name()
	w = &wrapped{typ: t.typ.Type()}
	if !(&reach{target: t.pkg.Types}).object(t.typ) {
		return fail("package %s cannot name %s.%s", t.pkg.Name, t.typ.Pkg().Path(), name)
	}
	if alias, ok := w.typ.(*types.Alias); ok && alias.TypeParams().Len() > 0 {
		return fail("%s is an alias with type parameters: name the type that it stands for", name)
	}
	switch typ := types.Unalias(w.typ).(type) {
	case *types.Interface, *types.Struct: // an alias of one without a name
	case *types.Pointer:
		return fail("%s stands for a pointer: name the type that it points to", name)
	case *types.Named:
		if wrong := l.instantiate(t, w, typ); wrong != nil {
			return nil, wrong
		}
	default:
		return fail("%s has no methods", name)
	}
	set := types.NewMethodSet(types.NewPointer(w.typ))
	w.holds = w.typ
	switch under := w.typ.Underlying().(type) {
	case *types.Interface:
		if !under.IsMethodSet() {
			return fail("%s is a constraint, of which there are no values", name)
		}
		set = types.NewMethodSet(w.typ)
	case *types.Struct:
		w.holds = types.NewPointer(w.typ)
	case *types.Pointer:
		return fail("%s is a pointer, which has no methods", name)
	default:
		if changes(set) {
			w.holds = types.NewPointer(w.typ)
		}
	}
	for i := range set.Len() {
		w.methods = append(w.methods, set.At(i).Obj().(*types.Func))
	}
	return w, nil
}

// instantiate gives a generic type its own parameters.
func (l *loaded) instantiate(t *target, w *wrapped, named *types.Named) *Error {
	if named.TypeParams().Len() == 0 || named.TypeArgs().Len() > 0 {
		return nil
	}
	in := scope{}
	for p := range named.TypeParams().TypeParams() {
		in[p.Obj().Name()] = true
	}
	var args []types.Type
	for p := range named.TypeParams().TypeParams() {
		reach := reach{target: t.pkg.Types, seen: map[types.Type]bool{}}
		switch name := p.Obj().Name(); {
		case !reach.can(p.Constraint()):
			return l.wrong(t.pos, 0, "package %s cannot name the constraint %s of %s", t.pkg.Name, p.Constraint(), t.typ.Name())
		case name == "_":
			for name == "_" || t.pkg.Types.Scope().Lookup(name) != nil {
				name = in.take("P")
			}
			p = types.NewTypeParam(types.NewTypeName(0, t.pkg.Types, name, nil), p.Constraint())
		case t.pkg.Types.Scope().Lookup(name) != nil:
			return l.wrong(t.pos, 0, "the type parameter %s of %s has the name of something in package %s: rename it", name, t.typ.Name(), t.pkg.Name)
		}
		w.params = append(w.params, p)
		args = append(args, p)
	}
	inst, err := types.Instantiate(nil, named, args, false)
	if err != nil {
		return l.wrong(t.pos, 0, "%s: %v", t.typ.Name(), err)
	}
	w.typ = inst
	return nil
}

// changes reports whether one of the methods takes a pointer, and so would change what
// holds the type in the place of the original.
func changes(set *types.MethodSet) bool {
	for m := range set.Methods() {
		if _, ok := m.Obj().(*types.Func).Signature().Recv().Type().(*types.Pointer); ok {
			return true
		}
	}
	return false
}

// traced are the methods of w that get a point, and those that the package could not
// write down, which stay as they are.
func (l *loaded) traced(t *target, w *wrapped) (methods []*types.Func, hidden []string, wrong *Error) {
	for _, m := range w.methods {
		sig := m.Signature()
		if contextOf(sig) < 0 {
			continue
		}
		if !m.Exported() && (!t.Private || m.Pkg() != t.pkg.Types) {
			continue
		}
		reach := reach{target: t.pkg.Types, seen: map[types.Type]bool{}}
		switch ok := reach.signature(sig); {
		case reach.invalid:
			pos := m.Pos()
			if m.Pkg() != t.pkg.Types {
				pos = t.pos
			}
			return nil, nil, l.wrong(pos, 0, "the method %s of %s has a type that is not known: go build tells which", m.Name(), t.typ.Name())
		case !ok:
			hidden = append(hidden, m.Name())
		default:
			methods = append(methods, m)
		}
	}
	if len(methods) == 0 {
		switch {
		case len(hidden) > 0:
			return nil, nil, l.wrong(t.pos, 0, "every method of %s that takes a context has types that package %s cannot name", t.typ.Name(), t.pkg.Name)
		case !t.Private && hasPrivate(w, t.pkg.Types):
			return nil, nil, l.wrong(t.pos, 0, "%s has no exported method that takes a context.Context; trace_private is for the others", t.typ.Name())
		}
		return nil, nil, l.wrong(t.pos, 0, "%s has no method that takes a context.Context", t.typ.Name())
	}
	return methods, hidden, nil
}

func hasPrivate(w *wrapped, pkg *types.Package) bool {
	for _, m := range w.methods {
		if m.Pkg() == pkg && !m.Exported() && contextOf(m.Signature()) >= 0 {
			return true
		}
	}
	return false
}

// contextOf is the first parameter that is a context.Context, or -1.
func contextOf(sig *types.Signature) int {
	for i := range sig.Params().Len() {
		if isContext(sig.Params().At(i).Type()) {
			return i
		}
	}
	return -1
}

func isContext(t types.Type) bool {
	named, ok := types.Unalias(t).(*types.Named)
	return ok && named.Obj().Name() == "Context" && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == "context"
}

func isError(t types.Type) bool { return types.Identical(t, types.Universe.Lookup("error").Type()) }

// reach finds out whether the code of a package can name types.
type reach struct {
	target  *types.Package
	seen    map[types.Type]bool
	invalid bool // one is not known
}

func (r *reach) signature(sig *types.Signature) bool {
	return r.tuple(sig.Params()) && r.tuple(sig.Results())
}

func (r *reach) tuple(t *types.Tuple) bool {
	ok := true
	for v := range t.Variables() {
		ok = r.can(v.Type()) && ok
	}
	return ok
}

func (r *reach) can(t types.Type) bool {
	if r.seen[t] {
		return true
	}
	r.seen[t] = true
	switch t := t.(type) {
	case *types.Basic:
		r.invalid = r.invalid || t.Kind() == types.Invalid
		return true
	case *types.Alias:
		if basic, ok := types.Unalias(t).(*types.Basic); ok && basic.Kind() == types.Invalid {
			r.invalid = true
		}
		return r.object(t.Obj()) && r.list(t.TypeArgs())
	case *types.Named:
		return r.object(t.Obj()) && r.list(t.TypeArgs())
	case *types.Pointer:
		return r.can(t.Elem())
	case *types.Slice:
		return r.can(t.Elem())
	case *types.Array:
		return r.can(t.Elem())
	case *types.Chan:
		return r.can(t.Elem())
	case *types.Map:
		return r.can(t.Key()) && r.can(t.Elem())
	case *types.Signature:
		return r.signature(t)
	case *types.Struct:
		for f := range t.Fields() {
			if !f.Exported() && f.Pkg() != r.target || !r.can(f.Type()) {
				return false
			}
		}
	case *types.Interface:
		for m := range t.ExplicitMethods() {
			if !m.Exported() && m.Pkg() != r.target || !r.signature(m.Signature()) {
				return false
			}
		}
		for e := range t.EmbeddedTypes() {
			if !r.can(e) {
				return false
			}
		}
	case *types.Union:
		for term := range t.Terms() {
			if !r.can(term.Type()) {
				return false
			}
		}
	}
	return true
}

func (r *reach) list(args *types.TypeList) bool {
	for i := range args.Len() {
		if !r.can(args.At(i)) {
			return false
		}
	}
	return true
}

// object reports whether the package may name a type, exported and not internal to
// others.
func (r *reach) object(o *types.TypeName) bool {
	if strings.HasPrefix(o.Name(), "_Ctype_") {
		return false // C's, which only a file with import "C" can name
	}
	if o.Pkg() == nil || o.Pkg() == r.target || o.Pkg().Path() == r.target.Path() {
		return true
	}
	return o.Exported() && o.Pkg().Name() != "main" && mayImport(r.target.Path(), o.Pkg().Path())
}

// mayImport is the go command's rule for internal packages, and for those that the
// standard library has vendored.
func mayImport(from, importPath string) bool {
	if strings.HasPrefix(importPath, "vendor/") {
		return false
	}
	parts := strings.Split(importPath, "/")
	for i := len(parts) - 1; i >= 0; i-- {
		if parts[i] == "internal" {
			above := strings.Join(parts[:i], "/")
			return above != "" && (from == above || strings.HasPrefix(from, above+"/"))
		}
	}
	return true
}
