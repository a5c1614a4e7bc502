// One connection with Go's crypto/tls: sends a file, reads the answer, prints a line of JSON.
package main

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

var groups = map[string]tls.CurveID{
	"X25519":         tls.X25519,
	"P-256":          tls.CurveP256,
	"P-384":          tls.CurveP384,
	"P-521":          tls.CurveP521,
	"X25519MLKEM768": tls.X25519MLKEM768,
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func configuration(name, ca, version, suite, group, alpn string) (*tls.Config, error) {
	pem, err := os.ReadFile(ca)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	config := &tls.Config{ServerName: name, RootCAs: roots, MinVersion: tls.VersionTLS13, MaxVersion: tls.VersionTLS13}
	if version == "1.2" {
		config.MinVersion, config.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
		for _, known := range tls.CipherSuites() {
			if known.Name == suite {
				config.CipherSuites = []uint16{known.ID}
			}
		}
	}
	if group != "" {
		config.CurvePreferences = []tls.CurveID{groups[group]}
	}
	if alpn != "" {
		config.NextProtos = []string{alpn}
	}
	return config, nil
}

func run() error {
	port := flag.String("port", "", "")
	name := flag.String("name", "", "")
	ca := flag.String("ca", "", "")
	payload := flag.String("payload", "", "")
	version := flag.String("version", "", "")
	suite := flag.String("suite", "", "")
	group := flag.String("group", "", "")
	alpn := flag.String("alpn", "", "")
	flag.String("bytes", "", "")
	flag.String("openssl", "", "")
	flag.Parse()

	config, err := configuration(*name, *ca, *version, *suite, *group, *alpn)
	if err != nil {
		return err
	}
	bytes, err := os.ReadFile(*payload)
	if err != nil {
		return err
	}
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	conn, err := tls.DialWithDialer(dialer, "tcp", "127.0.0.1:"+*port, config)
	if err != nil {
		return err
	}
	defer conn.Close()
	sent := make(chan error, 1)
	go func() {
		_, err := conn.Write(bytes)
		sent <- err
	}()
	hash := sha256.New()
	if _, err := io.Copy(hash, conn); err != nil {
		return err
	}
	if err := <-sent; err != nil {
		return err
	}
	state := conn.ConnectionState()
	protocol := "TLSv1.3"
	if state.Version == tls.VersionTLS12 {
		protocol = "TLSv1.2"
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]string{
		"protocol": protocol,
		"suite":    tls.CipherSuiteName(state.CipherSuite),
		"received": hex.EncodeToString(hash.Sum(nil)),
	})
}
