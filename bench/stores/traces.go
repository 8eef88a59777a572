package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/record"
)

// A trace is a request with three queries below it.
const (
	queries        = 3
	recordsOfTrace = 2 * (1 + queries)
)

var began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// write writes the traces from one number up to another, ten a second, as JSON lines.
func write(name string, from, to int) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(f, 1<<20)
	var line []byte
	for i := from; i < to; i++ {
		trace, at := header.NewID(), began.Add(time.Duration(i)*100*time.Millisecond).UnixNano()
		put := func(point, parent header.ID, name string, phase record.Phase, at int64, info string) {
			fields := record.Fields{
				Trace: trace, Point: point, Parent: parent, Name: name, Phase: phase, Time: at,
				Project: "shop", Service: "api", Host: "host-a", Info: json.RawMessage(info),
			}
			line, _ = fields.AppendJSON(line[:0])
			_, _ = out.Write(append(line, '\n')) // Flush tells the error
		}
		root := header.NewID()
		put(root, trace, "http", record.Start, at, fmt.Sprintf(`{"request":{"method":"GET","path":"/cart/%d"},"host":"host-a"}`, i))
		for k := range int64(queries) {
			query := header.NewID()
			put(query, root, "db", record.Start, at+100_000*k, `{"db":{"statement":"SELECT n FROM stock WHERE sku = ?"},"host":"host-a"}`)
			put(query, root, "db", record.Stop, at+100_000*k+80_000, `{"db":{"rows":1},"host":"host-a"}`)
		}
		put(root, trace, "http", record.Stop, at+500_000, `{"response":{"status_code":200},"host":"host-a"}`)
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return f.Close()
}

// scheme names a store without its secrets.
func scheme(url string) string {
	name, _, _ := strings.Cut(url, ":")
	return name
}
