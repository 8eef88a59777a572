package servertest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

const rabbitInstall = "apt-get install rabbitmq-server"

// RabbitMQ starts a RabbitMQ node with the user "guest", password "guest", and
// the virtual host "/". It has an Erlang port mapper (epmd) of its own, which
// runs until the test ends whatever happens to the node.
func RabbitMQ(t testing.TB) *Server {
	t.Helper()
	// The command in PATH changes to the system's own user and settings.
	const script = "/usr/lib/rabbitmq/bin/rabbitmq-server"
	path := need(t, rabbitInstall, script)
	epmdPath := need(t, rabbitInstall, "epmd")

	dir := t.TempDir()
	port, dist, mapper := freePort(t), freePort(t), freePort(t)
	start(t, t.TempDir(), mapper, spec{
		name:  "epmd",
		path:  epmdPath,
		args:  []string{"-address", "127.0.0.1", "-port", strconv.Itoa(mapper)},
		ready: func(s *Server) error { return talk(s.Addr, "", nil) },
	})

	config := filepath.Join(dir, "rabbitmq.conf")
	plugins := filepath.Join(dir, "enabled_plugins")
	for name, text := range map[string]string{
		config:  fmt.Sprintf("listeners.tcp.1 = 127.0.0.1:%d\nloopback_users = none\n", port),
		plugins: "[].\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return start(t, dir, port, spec{
		name: "rabbitmq-server",
		path: path,
		env: []string{
			"HOME=" + dir,
			"ERL_EPMD_ADDRESS=127.0.0.1",
			"ERL_EPMD_PORT=" + strconv.Itoa(mapper),
			"RABBITMQ_NODENAME=r" + strconv.Itoa(port) + "@localhost",
			"RABBITMQ_NODE_PORT=" + strconv.Itoa(port),
			"RABBITMQ_DIST_PORT=" + strconv.Itoa(dist),
			"RABBITMQ_MNESIA_BASE=" + filepath.Join(dir, "mnesia"),
			"RABBITMQ_LOG_BASE=" + filepath.Join(dir, "log"),
			"RABBITMQ_LOGS=-",
			"RABBITMQ_CONFIG_FILE=" + config,
			"RABBITMQ_ENABLED_PLUGINS_FILE=" + plugins,
			"RABBITMQ_PID_FILE=" + filepath.Join(dir, "pid"),
			"RABBITMQ_USE_LONGNAME=false",
			"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1}",
			// Then the script becomes the Erlang machine, without a shell between.
			"RUNNING_UNDER_SYSTEMD=true",
		},
		ready: amqpAnswers,
	})
}

// amqpAnswers waits for the first frame of an AMQP 0-9-1 conversation.
func amqpAnswers(s *Server) error {
	reply := make([]byte, 1)
	if err := talk(s.Addr, "AMQP\x00\x00\x09\x01", reply); err != nil {
		return err
	}
	if reply[0] != 1 {
		return fmt.Errorf("answers %q", reply)
	}
	return nil
}
