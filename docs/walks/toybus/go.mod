module example.com/toybus

go 1.24

require github.com/sonde-go/sonde v0.0.0

require (
	github.com/clipperhouse/displaywidth v0.6.0 // indirect
	github.com/clipperhouse/stringish v0.1.1 // indirect
	github.com/clipperhouse/uax29/v2 v2.3.0 // indirect
)

replace github.com/sonde-go/sonde => ../../..
