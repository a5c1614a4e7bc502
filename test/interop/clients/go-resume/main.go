// Connections with Go's crypto/tls that have one cache of sessions in common: reads a port from each line of its input,
// connects to it, and prints a line of JSON.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"time"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	name := flag.String("name", "", "")
	ca := flag.String("ca", "", "")
	version := flag.String("version", "", "")
	flag.Parse()
	pem, err := os.ReadFile(*ca)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	config := &tls.Config{ServerName: *name, RootCAs: roots, ClientSessionCache: tls.NewLRUClientSessionCache(4)}
	config.MinVersion, config.MaxVersion = tls.VersionTLS13, tls.VersionTLS13
	if *version == "1.2" {
		config.MinVersion, config.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		if err := visit(config, lines.Text()); err != nil {
			return err
		}
	}
	return lines.Err()
}

func visit(config *tls.Config, port string) error {
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	conn, err := tls.DialWithDialer(dialer, "tcp", "127.0.0.1:"+port, config)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := conn.Write([]byte("hello\n")); err != nil {
		return err
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	facts := map[string]any{"reused": conn.ConnectionState().DidResume, "answer": json.RawMessage(answer)}
	return json.NewEncoder(os.Stdout).Encode(facts)
}
