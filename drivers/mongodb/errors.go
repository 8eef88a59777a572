package mongodb

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/sonde-go/sonde/record"
	"go.mongodb.org/mongo-driver/v2/mongo"
	wire "go.mongodb.org/mongo-driver/v2/x/mongo/driver"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"
)

// MongoDB's error codes, see
// https://www.mongodb.com/docs/manual/reference/error-codes/.
const (
	codeUnauthorized         = 13
	codeAuthenticationFailed = 18
	codeDuplicateKey         = 11000
)

// permanent are the codes with which a server refuses a document for what it
// is: bad value, failed to parse, type mismatch, overflow, invalid BSON, keys
// with a dollar, an empty name or a dot, failed validation, too large.
var permanent = []int{2, 9, 14, 15, 22, 52, 56, 57, 121, 10334}

// selectionError says of each server why it cannot be used.
type selectionError struct {
	text string
	err  error
}

func (e *selectionError) Error() string { return e.text }
func (e *selectionError) Unwrap() error { return e.err }

// explain makes an error readable that the client returns when it finds no
// server.
func explain(err error) error {
	var selection topology.ServerSelectionError
	var explained *selectionError
	if !errors.As(err, &selection) || errors.As(err, &explained) {
		return err
	}
	var servers []string
	for _, s := range selection.Desc.Servers {
		line := string(s.Addr)
		if s.LastError != nil {
			line += ": " + s.LastError.Error()
		}
		servers = append(servers, line)
	}
	return &selectionError{fmt.Sprintf("no MongoDB server to use (%s): %v", strings.Join(servers, "; "), selection.Wrapped), err}
}

// hasCode reports whether a server has answered with the code, to a command or
// while a connection was made.
func hasCode(err error, code int) bool {
	var command mongo.ServerError
	var handshake wire.Error
	return errors.As(err, &command) && command.HasErrorCode(code) ||
		errors.As(err, &handshake) && int(handshake.Code) == code
}

// unsent explains an error of a write, which wraps ErrNotSent if the server
// cannot have seen the write or has refused to look at it.
func unsent(err error) error {
	var selection topology.ServerSelectionError
	var pool topology.WaitQueueTimeoutError
	var dial *net.OpError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, record.ErrNotSent):
		return err
	case errors.As(err, &selection), errors.As(err, &pool),
		errors.As(err, &dial) && dial.Op == "dial",
		hasCode(err, codeUnauthorized), hasCode(err, codeAuthenticationFailed):
		return fmt.Errorf("%w: %w", record.ErrNotSent, explain(err))
	}
	return explain(err)
}
