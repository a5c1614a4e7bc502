// Launcher is what the runner of BoGo starts for every case. Node takes longer to start than most cases take to run,
// so the shim is one process that stays, and this hands it the arguments and gives back its answer: both as fields that
// end with a zero byte, the arguments after their number.
package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"strconv"
)

func main() {
	conn, err := net.Dial("unix", os.Getenv("TSLS_BOGO_SOCKET"))
	if err != nil {
		give("the shim is not running: " + err.Error())
	}
	out := bufio.NewWriter(conn)
	fmt.Fprintf(out, "%d\x00", len(os.Args)-1)
	for _, argument := range os.Args[1:] {
		fmt.Fprintf(out, "%s\x00", argument)
	}
	out.Flush()
	in := bufio.NewReader(conn)
	field := func() string {
		text, err := in.ReadString(0)
		if err != nil {
			give("the shim did not answer: " + err.Error())
		}
		return text[:len(text)-1]
	}
	code, err := strconv.Atoi(field())
	if err != nil {
		give(err.Error())
	}
	fmt.Fprint(os.Stdout, field())
	fmt.Fprint(os.Stderr, field())
	os.Exit(code)
}

// give ends a case that must not count as passed, whatever it expects (exit code 90).
func give(up string) {
	fmt.Fprintln(os.Stderr, up)
	os.Exit(90)
}
