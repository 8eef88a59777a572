package cli

import (
	"context"
	"os"
	"runtime"
	"strings"

	"github.com/sonde-go/sonde"
	"github.com/sonde-go/sonde/drivers"
)

// file warns of a file with secrets that everybody may read.
func (c *checker) file(path string) {
	if path == "" || runtime.GOOS == "windows" { // where the mode says nothing
		return
	}
	config, err := sonde.FromFile(path)
	if err != nil {
		return // said already
	}
	w, _ := wireOf(config.ConnectionString, config.Options)
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o004 != 0 && (config.HMACKeys != "" || w.secret) {
		c.warn("everybody on this machine can read %s and the secrets in it: chmod o-r", path)
	}
}

// goodKey is how many characters a key should have.
const goodKey = 16

// short warns of keys that can be guessed: whoever sees one signed header can
// try keys against it at leisure.
func (c *checker) short(list string) {
	n := 0
	for key := range strings.SplitSeq(list, ",") {
		key = strings.TrimSpace(key)
		if key == "" {
			continue
		}
		if n++; len(key) < goodKey {
			c.warn("HMAC key %d has fewer than %d characters and can be guessed: take one from \"openssl rand -hex 16\"", n, goodKey)
		}
	}
}

// plain warns of a password that leaves this machine without TLS.
func (c *checker) plain(config sonde.Config) {
	w, ok := wireOf(config.ConnectionString, config.Options)
	if !ok || w.tls || !w.secret || !w.leaves() {
		return
	}
	advice := ""
	if w.other != "" {
		advice = ": use " + w.other
	}
	c.warn("%s does not ask for TLS, so its password and the traces can be read on the way%s", drivers.Redact(config.ConnectionString), advice)
}

// hint looks for the usual reason why a server that is up does not answer.
func (c *checker) hint(config sonde.Config) {
	w, _ := wireOf(config.ConnectionString, config.Options)
	_ = c.step(func(ctx context.Context) error {
		if text := w.hint(ctx); text != "" {
			c.note("%s", text)
		}
		return nil
	})
}
