package lab

import (
	"crypto/x509"
	"encoding/base64"
	"net"
	"testing"
)

func TestKeys(t *testing.T) {
	for _, key := range []string{bakeryKey, notaryKey, museumKey} {
		der, err := base64.StdEncoding.DecodeString(key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := x509.ParsePKIXPublicKey(der); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNothingLeaves(t *testing.T) {
	w, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for _, address := range []string{"192.0.2.1:53", "1.1.1.1:53", "198.51.100.26:26", "127.0.0.1:25"} {
		if c, err := w.Dial(t.Context(), "tcp", address); err == nil {
			c.Close()
			t.Errorf("the lab dials %s", address)
		}
	}
	for _, address := range []string{"192.0.2.53:53", "192.0.2.54:53", "203.0.113.253:53", "203.0.113.254:53", "198.51.100.26:587", "198.51.100.27:25", "198.51.100.84:443"} {
		c, err := w.Dial(t.Context(), "tcp", address)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		if host, _, _ := net.SplitHostPort(c.RemoteAddr().String()); host != "127.0.0.1" {
			t.Errorf("%s is really %s", address, host)
		}
		c.Close()
	}
}
