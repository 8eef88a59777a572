// Command sonde lists and shows traces, makes and checks the signed headers
// that start one, and says in its --help how to use each. It is [cli.Main] with
// all drivers of this module; a program that has its own is as short.
package main

import "github.com/sonde-go/sonde/cli"

func main() { cli.Main() }
