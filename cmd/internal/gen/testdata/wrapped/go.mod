module example.com/wrapped

go 1.24

require github.com/sonde-go/sonde v0.0.0

replace github.com/sonde-go/sonde => ../../../../..
