package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// starter starts the agent, as a process of its own.
type starter struct {
	socket, command, dataDir, store string
}

// storeVariable has the URL of the store for the agent, since others may read the
// arguments of a process; and for a service whose connection string has none.
const storeVariable = "SONDE_AGENT_STORE"

// mayStart is how long the agent has until it answers.
const mayStart = 15 * time.Second

func newStarter(socket, command, dataDir, store string) (*starter, error) {
	if store = cmp.Or(store, os.Getenv(storeVariable)); store == "" {
		return nil, errors.New("start=true needs store=URL, percent-encoded, or " + storeVariable + " in the environment: where the agent takes the records to")
	}
	if dataDir == "" {
		dataDir = "/var/lib/sonde/agent"
		if os.Geteuid() != 0 {
			home, err := os.UserHomeDir()
			if err != nil {
				return nil, fmt.Errorf("start=true needs data_dir: %w", err)
			}
			dataDir = filepath.Join(home, ".local", "state", "sonde", "agent")
		}
	}
	dataDir, err := filepath.Abs(dataDir)
	return &starter{socket: socket, command: command, dataDir: dataDir, store: store}, err
}

// start starts the agent unless another process has done so in the meantime, and waits
// until it answers: alive then returns nil.
func (s *starter) start(ctx context.Context, alive func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, mayStart)
	defer cancel()
	for _, dir := range []string{filepath.Dir(s.socket), s.dataDir} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("starting the agent: %w", err)
		}
	}
	unlock, err := lock(ctx, s.socket+".lock")
	if err != nil {
		return fmt.Errorf("starting the agent: waiting for another program that does: %w", err)
	}
	defer unlock()
	if alive(ctx) == nil {
		return nil
	}
	exited, err := s.run()
	if err != nil {
		return fmt.Errorf("starting the agent: %w", err)
	}
	for {
		err := alive(ctx)
		if err == nil {
			return nil
		}
		select {
		case err := <-exited:
			return fmt.Errorf("the agent that was started has ended (%w); its log is %s", err, s.log())
		case <-ctx.Done():
			return fmt.Errorf("the agent that was started does not answer yet; its log is %s: %w", s.log(), err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (s *starter) log() string { return filepath.Join(s.dataDir, "agent.log") }

// run starts the process. The channel says how it ended, if it does while this process
// lives.
func (s *starter) run() (exited <-chan error, err error) {
	path, err := exec.LookPath(s.command)
	if err != nil {
		return nil, fmt.Errorf("%w; install it, or name it with command=", err)
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	log, err := os.OpenFile(s.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(path, "agent", "--listen", (&url.URL{Scheme: "unix", Path: s.socket}).String(), "--data-dir", s.dataDir, "--store", "env:"+storeVariable)
	cmd.Env = append(os.Environ(), storeVariable+"="+s.store)
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = log, log
	detach(cmd)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() {
		err := cmd.Wait()
		if err == nil {
			err = errors.New("without an error")
		}
		ended <- err
	}()
	return ended, nil
}
