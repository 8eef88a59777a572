//go:build unix

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// natsNode is one node of the cluster that holds the spool. A site runs nats-server
// with these settings.
func natsNode(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("nats", flag.ContinueOnError)
	name := flags.String("name", "", "of the node")
	dir := flags.String("dir", "", "for its streams")
	port := flags.Int("port", 0, "for clients")
	cluster := flags.Int("cluster", 0, "port for the other nodes")
	routes := flags.String("routes", "", "ports of all nodes, with commas")
	if err := flags.Parse(args); err != nil {
		return err
	}
	o := &server.Options{
		ServerName: *name, Host: "127.0.0.1", Port: *port, NoSigs: true,
		JetStream: true, StoreDir: *dir, SyncInterval: time.Second,
		Cluster: server.ClusterOpts{Name: "site", Host: "127.0.0.1", Port: *cluster},
	}
	for _, port := range strings.Split(*routes, ",") {
		if port != strconv.Itoa(*cluster) {
			o.Routes = append(o.Routes, &url.URL{Scheme: "nats", Host: "127.0.0.1:" + port})
		}
	}
	s, err := server.NewServer(o)
	if err != nil {
		return err
	}
	s.Start()
	if !s.ReadyForConnections(time.Minute) {
		return errors.New("the server does not become ready")
	}
	fmt.Println("ready")
	<-ctx.Done()
	s.Shutdown()
	s.WaitForShutdown()
	return nil
}
