package agent

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync/atomic"
	"testing"
)

// sendersEnv is set for a process of the test's binary that is to be the senders of a
// benchmark: the socket, how many they are and the records of a post.
const sendersEnv = "SONDE_TEST_SENDERS"

// asSenders reads from standard input how many posts to send, sends them and ends, in
// such a process.
func asSenders() {
	var path string
	var senders, records, posts int
	if _, err := fmt.Sscan(os.Getenv(sendersEnv), &path, &senders, &records); err != nil {
		return
	}
	if _, err := fmt.Scan(&posts); err != nil {
		os.Exit(1)
	}
	if err := sendPosts(path, senders, records, posts); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// startSenders starts the process; ended waits for it.
func startSenders(b *testing.B, path string, senders, records int) (start io.Writer, ended func() error) {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), sendersEnv+"="+path+" "+strconv.Itoa(senders)+" "+strconv.Itoa(records))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	return in, cmd.Wait
}

func sendPosts(path string, senders, records, posts int) error {
	body := typical(records, 1)
	request := fmt.Appendf(nil, "POST /v1/events HTTP/1.1\r\nHost: agent\r\nContent-Length: %d\r\n\r\n", len(body))
	request = append(request, body...)
	answer := []byte("HTTP/1.1 200 OK")
	var left atomic.Int64
	left.Store(int64(posts))
	send := func() error {
		conn, err := net.Dial("unix", path)
		if err != nil {
			return err
		}
		defer conn.Close()
		got := make([]byte, 4096)
		for left.Add(-1) >= 0 {
			if _, err := conn.Write(request); err != nil {
				return err
			}
			n, err := io.ReadAtLeast(conn, got, len(answer))
			if err != nil || !bytes.HasPrefix(got[:n], answer) {
				return fmt.Errorf("%q, %w", got[:n], err)
			}
		}
		return nil
	}
	ended := make(chan error, senders)
	for range senders {
		go func() { ended <- send() }()
	}
	for range senders {
		if err := <-ended; err != nil {
			return err
		}
	}
	return nil
}
