package agent

import (
	"context"
	"net"
	"net/http"
	"os"

	"github.com/sonde-go/sonde/relay/quarantine"
)

var notYours = &refusal{http.StatusForbidden, "quarantine", "the quarantine has what others have sent: root and the user that the agent runs as may look after it, at its unix socket, on Linux", 0}

// aside answers who looks after the quarantine. Who may send records may not read those
// of others, so it asks for more than the door does.
func (a *Agent) aside() http.Handler {
	answer := quarantine.Handler(a.spool)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.under.RLock()
		defer a.under.RUnlock()
		switch {
		case a.stopped:
			a.refuse(w, stopping)
		case !mayLook(r.Context()):
			a.refuse(w, notYours)
		case !a.spool.Embedded():
			a.refuse(w, &refusal{http.StatusConflict, "quarantine", "this agent's spool is a NATS cluster, whose quarantine is looked after there: --jetstream " + a.Spool(), 0})
		default:
			answer.ServeHTTP(w, r)
		}
	})
}

// connKey is the key of a request's connection in its context.
type connKey struct{}

func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// mayLook says whether the process at the other end of a request's connection could as
// well read the agent's files.
func mayLook(ctx context.Context) bool {
	c, ok := ctx.Value(connKey{}).(*net.UnixConn)
	if !ok {
		return false
	}
	uid, err := peer(c)
	return err == nil && (uid == 0 || uid == os.Geteuid())
}
