package main

import (
	"encoding/json"
	"time"

	"github.com/sonde-go/sonde/header"
	"github.com/sonde-go/sonde/record"
)

func recordRows() []row {
	e := record.New(record.Fields{
		Name: "http", Trace: header.NewID(), Parent: header.NewID(), Point: header.NewID(),
		Time: time.Now().UnixNano(), Project: "shop", Service: "api",
		Info: []byte(`{"request":{"path":"/checkout","query":"","method":"GET","scheme":"http"},"host":"host-a"}`),
	})
	stored := e.AppendJSON(nil)
	var buf []byte
	var parser record.Parser
	return []row{
		{
			name: "serialise one record", budget: 110,
			sonde: each(func() { buf = e.AppendJSON(buf[:0]) }),
			other: each(func() {
				must(json.Marshal(map[string]any{
					"name": "http-start", "base_id": e.Trace(), "trace_id": e.Point(), "parent_id": e.Parent(),
					"timestamp": "2026-01-02T03:04:05.000006", "info": json.RawMessage(e.Info()), "project": "shop", "service": "api",
				}))
			}), who: "encoding/json",
		},
		{
			name: "decode one record", budget: 400, allocs: 3,
			sonde: each(func() { must(parser.Parse(stored)) }),
			other: each(func() { var v map[string]any; check(json.Unmarshal(stored, &v)) }), who: "encoding/json",
		},
	}
}
