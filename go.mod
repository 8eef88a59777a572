module github.com/sonde-go/sonde

go 1.26
