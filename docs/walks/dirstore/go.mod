module example.com/dirstore

go 1.24

require github.com/sonde-go/sonde v0.0.0

require (
	github.com/alecthomas/kong v1.6.0 // indirect
	github.com/clipperhouse/displaywidth v0.6.0 // indirect
	github.com/clipperhouse/stringish v0.1.1 // indirect
	github.com/clipperhouse/uax29/v2 v2.3.0 // indirect
	github.com/gorilla/mux v1.7.2 // indirect
	go.opentelemetry.io/proto/otlp v1.3.1 // indirect
	golang.org/x/sys v0.31.0 // indirect
	golang.org/x/term v0.29.0 // indirect
	google.golang.org/protobuf v1.35.2 // indirect
)

replace github.com/sonde-go/sonde => ../../..
