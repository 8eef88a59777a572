package main

import (
	"example.com/csv"
	"github.com/sonde-go/sonde/cli"
	_ "github.com/sonde-go/sonde/drivers/file"
)

func main() { cli.Main(cli.WithOutput(csv.Output)) }
