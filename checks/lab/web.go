package lab

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// policyHost is a web server of the lab that has an MTA-STS policy.
type policyHost struct {
	name    string
	address string // as the lab's DNS has it
	policy  string
}

var policyHosts = []policyHost{
	{"mta-sts.farm.example", "198.51.100.84", "version: STSv1\nmode: enforce\nmx: mail.farm.example\nmax_age: 604800\n"},
	// The notary has moved the mail since.
	{"mta-sts.notary.example", "198.51.100.85", "version: STSv1\nmode: enforce\nmx: mx.oldhost.example\nmax_age: 604800\n"},
}

func startWeb(host policyHost, authority *authority) (*server, error) {
	cert, err := authority.issue(host.name)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{Certificates: []tls.Certificate{cert}}
	return serve(func(c net.Conn) { host.answer(tls.Server(c, config)) })
}

// answer answers one request. The server of net/http would write what clients do
// wrong over the console.
func (h policyHost) answer(c net.Conn) {
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	r, err := http.ReadRequest(bufio.NewReader(c))
	if err != nil {
		return
	}
	status, text := "404 Not Found", "There is nothing here.\r\n"
	if r.URL.Path == "/.well-known/mta-sts.txt" {
		status, text = "200 OK", strings.ReplaceAll(h.policy, "\n", "\r\n")
	}
	fmt.Fprintf(c, "HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", status, len(text), text)
}
