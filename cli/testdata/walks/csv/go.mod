module example.org/csv

go 1.26.0

require github.com/sonde-go/sonde v0.0.0

replace github.com/sonde-go/sonde => ../../../..
