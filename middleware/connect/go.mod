module github.com/sonde-go/sonde/middleware/connect

go 1.24

require (
	connectrpc.com/connect v1.18.1
	github.com/sonde-go/sonde v0.0.0
	go.uber.org/goleak v1.3.0
)

require google.golang.org/protobuf v1.35.2
