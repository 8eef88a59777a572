package main

import (
	_ "example.com/dirstore"
	"github.com/sonde-go/sonde/cli"
)

func main() { cli.Main() }
