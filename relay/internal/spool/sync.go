package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// blocks are the files of a stream of the server in this process. Such a server has
// written a message to its file when it acknowledges it, and leaves the rest to the
// operating system. So after the acknowledgements of a publication one sync of the files
// that have grown since the last one brings all of it to the disk, however many messages
// it has; with its own sync_always the server would sync each of them.
type blocks struct {
	dir string

	mu   sync.Mutex
	from uint64 // the number of the last file at the last sync; guarded by mu
}

// blocksOf are those of a stream of a server whose data folder is dir.
func blocksOf(dir, stream string) *blocks {
	return &blocks{dir: filepath.Join(dir, "jetstream", "$G", "streams", stream, "msgs")}
}

// sync syncs what the server has written before.
func (b *blocks) sync() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	dir, err := os.Open(b.dir)
	if err != nil {
		return fmt.Errorf("syncing the spool: %w", err)
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return fmt.Errorf("syncing the spool: %w", err)
	}
	last := b.from
	for _, name := range names {
		text, ok := strings.CutSuffix(name, ".blk")
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil || n < b.from {
			continue
		}
		if err := syncFile(filepath.Join(b.dir, name)); err != nil {
			return fmt.Errorf("syncing the spool: %w", err)
		}
		last = max(last, n)
	}
	if last > b.from { // there are new names
		if err := dir.Sync(); err != nil {
			return fmt.Errorf("syncing the spool: %w", err)
		}
		b.from = last
	}
	return nil
}

// syncFile syncs a file. One that the server has deleted meanwhile has nothing that
// anybody waits for.
func syncFile(name string) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// syncTree syncs a folder with all that is in it.
func syncTree(dir string) error {
	return filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() && !d.Type().IsRegular() {
			return err
		}
		f, err := os.Open(name)
		if errors.Is(err, fs.ErrNotExist) { // the server's own, for a moment
			return nil
		} else if err != nil {
			return err
		}
		return errors.Join(f.Sync(), f.Close())
	})
}
