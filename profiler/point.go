package profiler

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/record"
)

// Opening says how a point begins, for instrumentation of a layer.
type Opening struct {
	// Name of the point: few and stable, since reports group by it.
	Name string
	// Layer says what the instrumentation is. The attributes stand under its
	// group. Nil: the point is the program's own, and its attributes stand at the
	// top of info.
	Layer *layer.Layer
	// Kind is the part that the point plays; Unspecified: that of Layer, and
	// layer.Internal without one.
	Kind layer.Kind
	// Top are attributes that stand at the top of info, whatever Layer says.
	Top []slog.Attr
	// Held withholds the start record until Release, Stop or the next flush
	// by age, so that the point can be discarded as if it had never been.
	Held bool
	// Time is when the point began; zero: now.
	Time time.Time
}

// Ending says how a point ends, for instrumentation of a layer.
type Ending struct {
	// Group is the member of info that the attributes stand under, for instance
	// the group of the point's layer; empty: they stand at the top.
	Group string
	// Err is why the point failed, see Point.Fail.
	Err error
	// Panic is the value of a panic that passes through the layer.
	Panic any
	// Outcome says how it went where success and failure do not say enough:
	// "aborted", "leaked". Empty: what Err implies, which is "cancelled" for a
	// cancelled context (not a failure then) and "timeout" for an error that is
	// one.
	Outcome string
	// Time is when the point ended; zero: now.
	Time time.Time
}

// Point is an open trace point. The zero Point does nothing. Its methods are
// safe for concurrent use.
type Point struct{ n *node }

// node is a point and the context of what runs below it.
type node struct {
	context.Context
	trace   *trace
	id      header.ID
	parent  header.ID
	name    string
	arrival string // the layer that received a request with this point; empty: none
	state   atomic.Uint32
	place   uint32    // of the start record in its chunk while it is withheld; guarded by trace.mu
	added   *gathered // guarded by trace.mu; nil until something is added
}

// The bits of node.state.
const (
	stateEnded  uint32 = 1 << iota
	stateAdded         // node.added is not empty
	stateHeld          // the start record may be withheld still
	stateFailed        // ended by Fail, after which Stop is silent
	stateFirst         // the first point of the trace in this process
)

// root is a trace and its first point, in one allocation.
type root struct {
	trace trace
	node  node
}

type ctxKey struct{}

// Value implements [context.Context].
func (n *node) Value(key any) any {
	if _, ok := key.(ctxKey); ok {
		return n
	}
	return n.Context.Value(key)
}

// current is the innermost point that ctx carries, nil if it has no profiler.
func current(ctx context.Context) *node {
	if n, ok := ctx.(*node); ok {
		return n
	}
	if ctx == nil {
		return nil
	}
	n, _ := ctx.Value(ctxKey{}).(*node)
	return n
}

// Start opens a point below the one that ctx carries and returns the context
// for what runs inside of it. Without a profiler in ctx it returns ctx and a
// zero Point. Dashes in name are replaced by underscores.
func Start(ctx context.Context, name string, attrs ...slog.Attr) (context.Context, Point) {
	up := current(ctx)
	if up == nil {
		return ctx, Point{}
	}
	o := Opening{Name: name}
	n := up.child(ctx)
	n.open(&o, attrs)
	return n, Point{n}
}

// Open is Start for the instrumentation of a layer.
func Open(ctx context.Context, o Opening, attrs ...slog.Attr) (context.Context, Point) {
	up := current(ctx)
	if up == nil {
		return ctx, Point{}
	}
	n := up.child(ctx)
	n.open(&o, attrs)
	return n, Point{n}
}

// info is what a request sent from inside of n says.
func (n *node) info() header.Info { return header.Info{BaseID: n.trace.base, ParentID: n.id} }

func (n *node) child(ctx context.Context) *node {
	return &node{Context: ctx, trace: n.trace, parent: n.id}
}

func (n *node) open(o *Opening, attrs []slog.Attr) {
	n.name, n.id = cleanName(o.Name), header.NewID()
	if o.Held {
		n.state.Or(stateHeld)
	}
	e := newEncoder(n.trace.svc)
	if o.Layer != nil {
		e.group(o.Layer.Group, attrs)
	} else {
		e.attrs(attrs, 1)
	}
	if len(o.Top) > 0 {
		e.attrs(o.Top, 1)
	}
	e.kind = o.told()
	if o.Layer != nil {
		e.layer = n.trace.describe(o.Layer)
	}
	n.record(record.Start, n.trace.at(o.Time), e)
}

// record writes one record with the info that e holds, and frees e.
func (n *node) record(kind record.Phase, at int64, e *encoder) {
	if e.truncated {
		n.trace.svc.cutInfos.Add(1)
	}
	n.trace.emit(n, kind, at, e)
	e.free()
}

// Add puts attributes into the point's stop record. An attribute of the same
// key given later, here or to Stop, replaces the earlier one. What is added
// takes 16 KiB a point; beyond that attributes are left out and the record says
// so. It takes constant time, however often it is called.
func (p Point) Add(attrs ...slog.Attr) {
	n := p.n
	if n == nil || len(attrs) == 0 {
		return
	}
	e := newEncoder(n.trace.svc)
	n.trace.mu.Lock()
	room := n.added.room(attrs)
	n.trace.mu.Unlock()
	fields := e.fields(attrs, room)
	n.gather(e, func(g *gathered) {
		for _, f := range fields {
			g.put(f, &n.trace.svc.queue.budget)
		}
	})
}

// gather has add take what e holds into what the point gathers, and frees e.
func (n *node) gather(e *encoder, add func(*gathered)) {
	n.trace.mu.Lock()
	late := n.state.Or(stateAdded)&stateEnded != 0
	if !late {
		if n.added == nil {
			n.added = &gathered{}
		}
		add(n.added)
		n.added.cut = n.added.cut || e.truncated
	}
	n.trace.mu.Unlock()
	if late {
		n.trace.svc.late.Add(1)
	}
	e.free()
}

// Stop ends the point. Stopping it again does nothing but count.
func (p Point) Stop(attrs ...slog.Attr) {
	if p.n != nil {
		p.n.end(&Ending{}, attrs, 0)
	}
}

// Fail ends the point as failed: the type and text of err become etype and
// message of its stop record, and an error that is a timeout has the outcome
// "timeout" too. A cancelled context is not a failure: the record says outcome
// "cancelled" instead. A nil err is Stop. A later Stop is silent,
// so that it can be deferred.
func (p Point) Fail(err error) {
	if p.n != nil {
		p.n.end(&Ending{Err: err}, nil, stateFailed)
	}
}

// End is Stop for the instrumentation of a layer.
func (p Point) End(end Ending, attrs ...slog.Attr) {
	if p.n != nil {
		p.n.end(&end, attrs, 0)
	}
}

func (n *node) end(end *Ending, attrs []slog.Attr, bits uint32) {
	old := n.state.Or(stateEnded | bits)
	if old&stateEnded != 0 {
		if old&stateFailed == 0 {
			n.trace.svc.late.Add(1)
		}
		return
	}
	if old&stateFirst != 0 {
		openTraces.Add(-1)
	}
	e := newEncoder(n.trace.svc)
	e.outcome(end)
	if old&stateAdded != 0 {
		n.trace.mu.Lock()
		added := n.added
		n.added = nil
		n.trace.mu.Unlock()
		if added != nil {
			e.gathered(added, attrs, end.Group)
			added.close()
		}
	}
	e.group(end.Group, attrs)
	if old&stateHeld != 0 {
		n.trace.release(n)
	}
	n.record(record.Stop, n.trace.at(end.Time), e)
}

// Release lets a held start record go now.
func (p Point) Release() {
	if p.n != nil && p.n.state.And(^stateHeld)&stateHeld != 0 {
		p.n.trace.release(p.n)
	}
}

// Discard ends a held point that turned out not to have happened: it leaves
// no record. If its start record is on its way already, the point is stopped
// with outcome "discarded".
func (p Point) Discard() {
	n := p.n
	if n == nil || n.state.Load()&stateEnded != 0 || n.trace.retract(n) {
		return
	}
	n.end(&Ending{Outcome: "discarded"}, nil, 0)
}

// Active says whether the point is recorded: false for the zero Point.
func (p Point) Active() bool { return p.n != nil }

// ID is the point's trace id, zero for the zero Point.
func (p Point) ID() header.ID {
	if p.n == nil {
		return header.ID{}
	}
	return p.n.id
}
