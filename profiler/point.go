package profiler

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/jsontext"
	"github.com/sonde-go/sonde/layer"
	"github.com/sonde-go/sonde/record"
)

// Opening describes how a point begins. Programs that call [Service.Begin] need
// only Name; the other fields are for layers.
type Opening struct {
	// Name is the name of the point. Use few and stable names, since reports group
	// points by it. Dashes are replaced by underscores, an empty name by
	// "unnamed", and it is cut to 200 characters.
	Name string
	// Layer describes the layer. The attributes are stored in its group. Nil: the
	// point is the program's own, and its attributes are at the top of info.
	Layer *layer.Layer
	// Encoded are attributes that were encoded before, see [Encode]. They are stored
	// in the group of Layer, which must be set, before the other attributes, none of
	// which may have the same key.
	Encoded Encoded
	// Kind is the kind of the point. Unspecified: that of Layer, or layer.Internal
	// if Layer is nil.
	Kind layer.Kind
	// Top are more attributes, stored at the top of info even if there is a Layer.
	Top []slog.Attr
	// Call is the name of the layer, as in Arrival.Layer, if the point is a call
	// that goes out by it: "http", "grpc". Another instrumentation of the same call
	// then finds by [Calling] that it has its point.
	Call string
	// Held withholds the start record, so that [Point.Discard] can still undo the
	// point. It is written when the point is released or ends, and at the latest
	// when QueueConfig.FlushInterval is over.
	Held bool
	// Time is when the point began. Zero: now.
	Time time.Time

	own   bool   // Top is the program's, not a layer's
	cut   bool   // an attribute was too long
	about string // members of info.sonde, each with a comma behind
}

// Ending describes how a point ends. It is for layers. The zero Ending is a
// success.
type Ending struct {
	// Group is the member of info that the attributes are stored in, usually the
	// group of the point's layer. Empty: they are at the top.
	Group string
	// Encoded are attributes of Group, which must be set, that were encoded before:
	// as in Opening.
	Encoded Encoded
	// Err is why the point failed, see [Point.Fail].
	Err error
	// Etype is the type of the failure, for layers that know it by name only.
	// Empty: the type of Err.
	Etype string
	// Text makes of the text of Err what is stored, for layers whose errors quote
	// secrets. Nil: the text as it is.
	Text func(string) string
	// Panic is the value of a panic that passes through the layer, see [Unwound].
	// If it is set, Err is ignored.
	Panic any
	// Outcome is how the point ended if success and failure do not say enough:
	// "aborted", "leaked". Empty: what Err implies, see [Point.Fail].
	Outcome string
	// Time is when the point ended. Zero: now.
	Time time.Time

	own bool // the attributes are the program's, not a layer's
	cut bool // an attribute was too long
}

// Point is a trace point. The zero Point is valid, and its methods do nothing. All
// methods are safe for concurrent use, and a Point may be copied.
type Point struct{ n *node }

// node is a point, and also the context of what runs below it.
//
// Context is the nearest context that is not a point, so that asking it for
// something takes as long however deep the points are.
type node struct {
	context.Context
	trace  *trace
	above  *node     // the point around it; nil: it is the first of the trace in this process
	name   string    // as it stands in JSON
	edge   string    // the layer that received a request, or makes a call (stateCalls), with this point
	added  *gathered // guarded by trace.mu; nil until something is added
	watch  *watch    // nil if the trace writes every point, see Detail
	idText [36]byte  // the id of the point, a UUID
	state  atomic.Uint32
	place  uint32 // in the held records of its chunk, while it is one of them; guarded by trace.mu
}

// The bits of node.state.
const (
	stateEnded  uint32 = 1 << iota
	stateAdded         // node.added is not empty
	stateHeld          // the start record may still be withheld
	stateFailed        // ended by Fail, after which Stop is silent
	stateFirst         // the first point of the trace in this process
	stateCalls         // the point is a call that goes out

	// What follows is set while the trace is locked, and of traces that are watched.
	stateBelow   // the point above counts it
	stateBrief   // the start record waits for how the point ends
	statePinned  // the point is written
	stateSettled // it has been decided whether it is
	stateGone    // it is not
)

// set sets bits of the state and returns what it was. Go 1.24.0 miscompiles
// [atomic.Uint32.Or] where its result is used, and And alike.
func (n *node) set(bits uint32) (old uint32) {
	for {
		if old = n.state.Load(); n.state.CompareAndSwap(old, old|bits) {
			return old
		}
	}
}

func (n *node) clear(bits uint32) (old uint32) {
	for {
		if old = n.state.Load(); n.state.CompareAndSwap(old, old&^bits) {
			return old
		}
	}
}

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

// current is the innermost point that ctx carries, or nil if it carries no trace.
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

// foreign is ctx, or the nearest context around it that is not a point.
func foreign(ctx context.Context) context.Context {
	if n, ok := ctx.(*node); ok {
		return n.Context
	}
	return ctx
}

// Start opens a point below the innermost one in ctx, and returns the context for
// what runs inside it. The caller ends the point, usually by deferring
// [Point.Stop]; a point that is not ended is reported as unfinished. If ctx carries
// no trace, Start returns ctx and the zero Point. The rules for names are those of
// Opening.Name. Start does the same if the trace has reached its limit of points,
// see [LimitConfig].
func Start(ctx context.Context, name string, attrs ...slog.Attr) (context.Context, Point) {
	up := current(ctx)
	if up == nil {
		return ctx, Point{}
	}
	o := Opening{Name: name}
	return up.start(ctx, "", &o, attrs)
}

// Open is [Start] for layers: it opens a point as o describes it.
func Open(ctx context.Context, o Opening, attrs ...slog.Attr) (context.Context, Point) {
	up := current(ctx)
	if up == nil {
		return ctx, Point{}
	}
	return up.start(ctx, "", &o, attrs)
}

// id is the id of the point.
func (n *node) id() header.ID {
	id, _ := header.ParseID(n.idText[:])
	return id
}

// info is what the headers of a request sent from inside n say.
func (n *node) info() header.Info { return header.Info{BaseID: n.trace.base, ParentID: n.id()} }

// start opens a point below n, unless the trace is full. arrival is the layer that
// has received a request with this point, or "".
func (n *node) start(ctx context.Context, arrival string, o *Opening, attrs []slog.Attr) (context.Context, Point) {
	t := n.trace
	if t.less != nil && arrival == "" && t.less.detail.isOff(o) {
		return ctx, Point{}
	}
	if t.full() {
		t.svc.leftOut.Add(1)
		t.svc.queue.leaveOut(t)
		return ctx, Point{}
	}
	var p *node
	if n.watch == nil {
		p = &node{trace: t, above: n, edge: arrival}
	} else {
		p = t.watchBelow(n, arrival, o)
	}
	p.Context = foreign(ctx)
	p.open(o, attrs)
	return p, Point{p}
}

func (n *node) open(o *Opening, attrs []slog.Attr) {
	n.name = jsontext.Escaped(cleanName(o.Name))
	id := header.NewID()
	id.PutUUID(&n.idText)
	if o.Held {
		n.state.Or(stateHeld)
	}
	if o.Call != "" {
		n.edge = o.Call
		n.state.Or(stateCalls)
	}
	about := o.about
	if o.Layer != nil {
		if text := n.trace.describe(o.Layer); text != "" {
			about += text
			n.set(statePinned) // the description must not be taken back
		}
		if n.trace.svc.sites && o.goesOut() {
			about += callSite()
		}
	}
	if less := n.trace.less; less != nil && n.above == nil {
		about += less.detail.off
	}
	e := n.begin(record.Start, plain(attrs) && plain(o.Top))
	e.kind, e.about = o.told(), about
	if o.Layer != nil {
		e.group(o.Layer.Group, o.Encoded, attrs)
	} else {
		e.own()
		e.attrs(attrs, 1)
		e.mask = nil
	}
	if len(o.Top) > 0 {
		if o.own {
			e.own()
		}
		e.attrs(o.Top, 1)
		e.mask = nil
	}
	e.truncated = e.truncated || o.cut
	n.record(n.trace.at(o.Time), e)
}

// Add adds attributes to the point's stop record. An attribute with the same key
// that is given later, to Add or to Stop, replaces the earlier one. A point holds
// 16 KiB of them; what does not fit is left out, and the record says that it is
// truncated. Add takes constant time, however often it is called. After the point
// has ended it only counts the call, as Late in [Stats].
func (p Point) Add(attrs ...slog.Attr) {
	n := p.n
	if n == nil || len(attrs) == 0 {
		return
	}
	e := newEncoder(n.trace.svc)
	e.own()
	n.trace.mu.Lock()
	room := n.added.room(attrs)
	n.trace.mu.Unlock()
	fields := e.fields(attrs, room)
	n.gather(e, func(g *gathered) {
		for _, f := range fields {
			g.put(f, n.trace.svc.queue.budgets)
		}
	})
}

// gather calls add to take what e holds into the point's gathered attributes, and
// frees e.
func (n *node) gather(e *encoder, add func(*gathered)) {
	n.trace.mu.Lock()
	late := n.set(stateAdded)&stateEnded != 0
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

// Stop ends the point; attrs go into its stop record. Stopping it again has no
// effect, except that the call is counted as Late in [Stats].
func (p Point) Stop(attrs ...slog.Attr) {
	if p.n != nil {
		p.n.end(&Ending{own: true}, attrs, 0)
	}
}

// Fail ends the point as failed: the stop record has the type of err as etype and
// its text as message, and if err is a timeout, the outcome "timeout". An error
// that wraps [context.Canceled] does not count as a failure: the record has the
// outcome "cancelled" instead. If err is nil, Fail is Stop. A Stop after Fail has
// no effect and is not counted, so it can be deferred.
func (p Point) Fail(err error) {
	if p.n != nil {
		p.n.end(&Ending{Err: err}, nil, stateFailed)
	}
}

// End is [Point.Stop] for layers: it ends the point as end describes it.
func (p Point) End(end Ending, attrs ...slog.Attr) {
	if p.n != nil {
		p.n.end(&end, attrs, 0)
	}
}

func (n *node) end(end *Ending, attrs []slog.Attr, bits uint32) {
	old := n.set(stateEnded | bits)
	if old&stateEnded != 0 {
		if old&stateFailed == 0 {
			n.trace.svc.late.Add(1)
		}
		return
	}
	if old&stateFirst != 0 {
		carried.Add(-1)
	}
	var added *gathered
	if old&stateAdded != 0 {
		n.trace.mu.Lock()
		added, n.added = n.added, nil
		n.trace.mu.Unlock()
	}
	about := ""
	if n.watch != nil {
		if n.leftOut(end) {
			if added != nil {
				added.close()
			}
			return
		}
		about = n.watch.told(n.trace.at(end.Time))
	} else if old&stateHeld != 0 {
		n.clear(stateHeld)
	}
	e := n.begin(record.Stop, end.Err == nil && end.Panic == nil && plain(attrs))
	e.about = about
	e.outcome(end)
	if added != nil {
		e.gathered(added, attrs, end)
		added.close()
	}
	if end.own {
		e.own()
	}
	e.group(end.Group, end.Encoded, attrs)
	e.truncated = e.truncated || end.cut
	n.record(n.trace.at(end.Time), e)
}

// Release stops withholding the start record of a point that was opened with
// Opening.Held. It has no effect on other points. It is for layers.
func (p Point) Release() {
	if p.n != nil && p.n.clear(stateHeld)&(stateHeld|stateBrief) == stateHeld && p.n.watch != nil {
		p.n.trace.release(p.n)
	}
}

// Discard ends a point whose work turned out not to have happened. If its start
// record is still withheld, see Opening.Held, the point leaves no record at all;
// otherwise it is stopped with the outcome "discarded". It is for layers.
func (p Point) Discard() {
	n := p.n
	if n == nil {
		return
	}
	if s := n.state.Load(); s&stateEnded != 0 || s&stateHeld != 0 && n.trace.retract(n) {
		return
	}
	n.end(&Ending{Outcome: "discarded"}, nil, 0)
}

// Active reports whether the point is recorded. It is false for the zero Point.
func (p Point) Active() bool { return p.n != nil }

// ID returns the id of the point, or the zero ID for the zero Point. It is not the id
// of its trace, by which reports are found: that is [BaseID].
func (p Point) ID() header.ID {
	if p.n == nil {
		return header.ID{}
	}
	return p.n.id()
}
