package cli

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// Secret is a flag that may hold a password or a key, such as the URL of a store.
// Everybody on the machine can read a command line, so the flag may name where its
// value is: env:NAME or @FILE.
type Secret string

// secretHelp is the part of a command's help that tells how secrets are given.
const secretHelp = `Everybody on this machine can read a command line, so a URL, a key or a password may be given
as env:NAME (an environment variable's value) or as @FILE (the file's only line).`

// UnmarshalText is called by kong. Its errors do not show the secret.
func (s *Secret) UnmarshalText(text []byte) error {
	value := string(text)
	if name, ok := strings.CutPrefix(value, "env:"); ok {
		if value, ok = os.LookupEnv(name); !ok {
			return fmt.Errorf("there is no environment variable %s", name)
		}
	} else if file, ok := strings.CutPrefix(value, "@"); ok {
		read, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		value = strings.TrimSpace(string(read))
		if strings.ContainsAny(value, "\r\n") {
			return fmt.Errorf("%s has more than one line", file)
		}
	}
	if value == "" {
		return errors.New("is empty")
	}
	*s = Secret(value)
	return nil
}
