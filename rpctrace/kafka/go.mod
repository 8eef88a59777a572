module github.com/sonde-go/sonde/rpctrace/kafka

go 1.24

require (
	github.com/sonde-go/sonde v0.0.0
	github.com/twmb/franz-go v1.18.0
	go.uber.org/goleak v1.3.0
)

require (
	github.com/klauspost/compress v1.17.11 // indirect
	github.com/pierrec/lz4/v4 v4.1.21 // indirect
	github.com/twmb/franz-go/pkg/kmsg v1.9.0 // indirect
)
