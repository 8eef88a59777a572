package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sonde-go/sonde/drivers"
	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/internal/traces"
	"github.com/sonde-go/sonde/report/text"
)

type runCmd struct {
	StoreFlags
	KeyFlags
	formFlags
	requestFlags
	Wait time.Duration `help:"How long the trace may take, after the answer, to be complete; ${default}." default:"10s" placeholder:"DURATION"`
	Fail bool          `help:"Exit with 22 if the status is 400 or above, as curl does."`
}

func (*runCmd) Help() string {
	return `The id of the trace is the first line on standard error, before anything is sent. The trace is
complete once each of its points has stopped, each message that was published has been processed,
and nothing more arrives; --wait limits how long that may take. If the request fails, if it takes
longer than --timeout, and on Ctrl-C, what there is of the trace by then is shown.

With -i, or with -o -, the answer is written to standard output before the trace. Other hosts that
a redirection leads to (-L) get neither the signed headers nor the password.

The exit code is 0 if the trace was shown and is complete, 1 if not or if it has a finding that
--fail-on names, and with --fail 22 for a status of 400 or above.

` + secretHelp + `

Examples:

  export SONDE_HMAC_KEY=the-key-of-the-services
  sonde run https://shop.example/api/checkout
  sonde run -X PUT -H 'Content-Type: application/json' -d '{"sku":7}' https://shop.example/api/cart
  sonde run -d @order.json --connection-string redis://localhost:6379/0 http://localhost:8080/order
  sonde run -u env:SHOP_LOGIN -L -o answer.json --timeout 5m https://shop.example/api/report
  sonde run --json --fail --wait 30s https://shop.example/api/checkout >trace.json`
}

func (c *runCmd) Run(ctx context.Context, s streams, forms outputs) error {
	if form := c.format(); c.answerTo() == toStdout && form != text.Output.Name && c.Out == "" {
		return fmt.Errorf("the answer and the trace in the format %s cannot both go to standard output: give -o FILE or --out FILE", form)
	}
	if _, err := forms.chosen(c.format(), c.Out, s); err != nil {
		return err
	}
	keys, err := c.Keys()
	if err != nil {
		return err
	}
	request, err := c.request(s)
	if err != nil {
		return err
	}
	id := header.NewID()
	keys.Primary().Sign(header.Info{BaseID: id}).Write(request.Header)
	fmt.Fprintf(s.err, "trace %s\n", id)
	return c.with(ctx, func(d *drivers.Store) error {
		w := awaited{d: d, id: id, store: c.name(), s: s}
		if err := w.look(ctx); err != nil {
			return err // before the request is made for nothing
		}
		a := c.send(ctx, request, s)
		if a.status != 0 && c.answerTo() == toStdout && c.Out == "" {
			fmt.Fprintln(s.out) // between the answer and the trace
		}
		err := c.show(ctx, &w, a, forms)
		if c.Fail && a.status >= 400 {
			say(s, err)
			return exitCode(exitHTTP)
		}
		return err
	})
}

// show waits for the trace, writes what there is of it, and says what is
// missing.
func (c *runCmd) show(ctx context.Context, w *awaited, a answer, forms outputs) error {
	var failed error
	switch {
	case ctx.Err() != nil, !a.sent:
		failed = w.lastLook(ctx)
	case a.err != nil:
		failed = w.wait(ctx, c.Wait, settled)
	default:
		failed = w.wait(ctx, c.Wait, complete)
	}
	if w.report.Len() > 0 {
		failed = errors.Join(failed, c.write(w.report, traces.AsOf(w.report), w.s, forms))
	}
	none := fmt.Errorf("no record of the trace has come to %s so far: see sonde trace show %s", w.store, w.id)
	switch {
	case failed != nil:
		say(w.s, failed) // main says of an interruption only that it was one
		return errSaid
	case ctx.Err() != nil:
		if w.report.Len() == 0 {
			say(w.s, none)
		}
		return ctx.Err()
	case a.err != nil && !a.sent:
		return errSaid
	case a.err != nil && w.report.Len() == 0:
		return none
	case a.err != nil:
		return errSaid
	case w.report.Len() == 0:
		return fmt.Errorf("no record of trace %s in %s after %v (--wait): has the service this HMAC key, and this store?%s", w.id, w.store, c.Wait, a.hint)
	}
	if n := w.report.Unfinished(); n > 0 {
		return fmt.Errorf("trace %s is not complete after %v (--wait): %s of %d without a stop", w.id, c.Wait, plural(n, "point"), w.report.Len())
	}
	if m := unprocessed(w.report); len(m) > 0 {
		fmt.Fprintf(w.s.err, "nobody has recorded within %v (--wait) that %s was processed: is the consumer traced?\n", c.Wait, m.String())
	}
	return nil
}
