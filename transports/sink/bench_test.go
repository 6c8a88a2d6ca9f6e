package sink

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// program is the path of one of Postfix' programs; without it, the benchmark is
// skipped.
func program(b *testing.B, name string) string {
	b.Helper()
	for _, p := range []string{name, filepath.Join("/usr/sbin", name), filepath.Join("/usr/local/sbin", name)} {
		if path, err := exec.LookPath(p); err == nil {
			return path
		}
	}
	b.Skipf("%s is not installed: apt-get install postfix", name)
	return ""
}

// BenchmarkSink sends the same messages with smtp-source to us and to smtp-sink:
// compare msg/s of the two in one run.
func BenchmarkSink(b *testing.B) {
	sinks := []struct {
		name  string
		start func(*testing.B) string
	}{
		{"cwmail", func(b *testing.B) string { return serve(b, Options{}) }},
		{"smtp-sink", startSink},
	}
	for _, c := range []struct {
		name    string
		options []string
	}{
		{"a connection each", []string{"-s", "20"}},
		{"kept connections", []string{"-s", "20", "-d"}},
		{"20 KB", []string{"-s", "20", "-d", "-l", "20000"}},
	} {
		for _, s := range sinks {
			b.Run(c.name+"/"+s.name, func(b *testing.B) {
				source := program(b, "smtp-source")
				address := s.start(b)
				const each = 5000
				n := 0
				for b.Loop() {
					out, err := exec.Command(source, append(c.options, "-m", strconv.Itoa(each), "-f", "jan@acme.example", "-t", "piet@hoster.test", "inet:"+address)...).CombinedOutput()
					if err != nil {
						b.Fatalf("%v\n%s", err, out)
					}
					n += each
				}
				b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "msg/s")
			})
		}
	}
}

// startSink starts smtp-sink and waits until it listens.
func startSink(b *testing.B) string {
	b.Helper()
	path := program(b, "smtp-sink")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	var options []string
	if os.Getuid() == 0 {
		options = []string{"-u", "nobody"} // it does not run as root
	}
	cmd := exec.Command(path, append(options, address, "256")...)
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); {
		if c, err := net.Dial("tcp", address); err == nil {
			_ = c.Close()
			return address
		}
	}
	b.Fatal(fmt.Errorf("%s does not listen", path))
	return ""
}
