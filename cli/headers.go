package cli

import (
	"errors"
	"fmt"

	"github.com/sonde-go/sonde/header"
)

type headersCmd struct {
	Sign   signCmd   `cmd:"" default:"withargs" help:"Print the two headers as options of curl; what \"sonde headers\" does."`
	Verify verifyCmd `cmd:"" help:"Say whether a service with these keys traces a request with these headers, and why not."`
}

type signCmd struct {
	KeyFlags
	answerFlags
	BaseID   header.ID `help:"Id of the trace; a new one if not given." placeholder:"ID"`
	ParentID header.ID `help:"Id of the trace point above; the base id if not given." placeholder:"ID"`
}

func (*signCmd) Help() string {
	return `The id of the trace is printed on standard error, and in the document of --format json.

Examples:

  export SONDE_HMAC_KEY=the-key-of-the-services
  curl $(sonde headers) https://shop.example/api/checkout
  curl $(sonde headers --base-id 4f1c0f3e-3c1a-4a55-9d0e-2b1f0f7f9a11) https://shop.example/`
}

func (c *signCmd) Run(s streams) error {
	keys, err := c.Keys()
	if err != nil {
		return err
	}
	in := header.Info{BaseID: c.BaseID, ParentID: c.ParentID}
	if in.BaseID.IsZero() {
		in.BaseID = header.NewID()
	}
	signed := keys.Primary().Sign(in)
	if c.json() {
		return writeDocument(s.out, signAnswer{thisVersion, in.BaseID.String(), map[string]string{
			header.InfoName: signed.Info, header.HMACName: signed.HMAC,
		}})
	}
	fmt.Fprintf(s.err, "trace %s\n", in.BaseID)
	_, err = fmt.Fprintf(s.out, "-H %s:%s -H %s:%s\n", header.InfoName, signed.Info, header.HMACName, signed.HMAC)
	return err
}

// signAnswer is what "headers" prints as JSON.
type signAnswer struct {
	versioned
	Trace   string            `json:"trace"`
	Headers map[string]string `json:"headers"`
}

type verifyCmd struct {
	KeyFlags
	answerFlags
	Info string `required:"" help:"Value of the request's X-Trace-Info." placeholder:"TEXT"`
	HMAC string `name:"hmac" required:"" help:"Value of the request's X-Trace-HMAC." placeholder:"HEX"`
}

func (*verifyCmd) Help() string {
	return `It exits with 0 if the request is traced and with 1 if it is not.

Examples:

  sonde headers verify --hmac-keys new-key,old-key --info eyJiYXN… --hmac 0a1b2c…`
}

// hints say what to do about a refusal, where that is not plain.
var hints = map[header.Refusal]string{
	header.ErrUnknownKey: "was it signed with another key, or changed on the way?",
	header.ErrNotBase64:  "the signer has the right key, so look at the program that made the headers",
	header.ErrTooLong:    "is it a header of ours?",
}

// verifyAnswer is what "headers verify" prints as JSON.
type verifyAnswer struct {
	versioned
	Traced bool    `json:"traced"`
	Reason *string `json:"reason"`
	Trace  *string `json:"trace"`
	Parent *string `json:"parent"`
	First  *bool   `json:"first_key"` // whether the key that signs has signed it
}

func (c *verifyCmd) Run(s streams) error {
	keys, err := c.Keys()
	if err != nil {
		return err
	}
	info, key, err := keys.Verify(header.Signed{Info: c.Info, HMAC: c.HMAC})
	if err != nil {
		err = hinted(err)
		if c.json() {
			reason := err.Error()
			if err := writeDocument(s.out, verifyAnswer{versioned: thisVersion, Reason: &reason}); err != nil {
				return err
			}
		}
		return fmt.Errorf("not traced: %w", err)
	}
	first := key == keys.Primary()
	if c.json() {
		trace, parent := info.BaseID.String(), info.ParentID.String()
		return writeDocument(s.out, verifyAnswer{versioned: thisVersion, Traced: true, Trace: &trace, Parent: &parent, First: &first})
	}
	which := "the key"
	switch {
	case keys.Len() == 1:
	case first:
		which = "the first key"
	default:
		which = "one of the keys"
	}
	_, err = fmt.Fprintf(s.out, "traced: trace %s, below %s, signed with %s\n", info.BaseID, info.ParentID, which)
	return err
}

// hinted is a refusal with what to do about it.
func hinted(err error) error {
	var refusal header.Refusal
	if errors.As(err, &refusal) && hints[refusal] != "" {
		return fmt.Errorf("%w; %s", err, hints[refusal])
	}
	return err
}
