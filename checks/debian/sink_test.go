package debian

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"clockwise.info/cwmail/transports/sink"
)

// TestSource holds that the sink takes all that Postfix' smtp-source sends: 10,000
// messages, each once.
func TestSource(t *testing.T) {
	const many = 10_000
	need(t, "smtp-source")
	for name, options := range map[string][]string{
		"a connection each": {"-s", "20"},
		"kept connections":  {"-s", "20", "-d"},
		"recipients":        {"-s", "10", "-r", "5", "-N"},
	} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			messages, octets, ids := 0, 0, map[string]bool{}
			server, err := sink.New(sink.Options{Name: mailHost, Now: time.Now, Handler: func(r *sink.Received) error {
				mu.Lock()
				defer mu.Unlock()
				messages++
				octets += len(r.Message)
				ids[r.ID] = true
				if r.From != "jan@acme.example" || len(r.To) == 0 || len(r.Message) < 100 {
					return fmt.Errorf("from %q to %q: %q", r.From, r.To, r.Message)
				}
				return nil
			}})
			if err != nil {
				t.Fatal(err)
			}
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			ended := make(chan error, 1)
			go func() { ended <- server.Serve(ctx, l) }()
			args := append(options, "-m", strconv.Itoa(many), "-f", "jan@acme.example", "-t", "piet@hoster.test", "inet:"+l.Addr().String())
			if out := must(t, t.TempDir(), "smtp-source", args...); out != "" {
				t.Errorf("smtp-source says %s", out)
			}
			stop()
			if err := <-ended; err != nil {
				t.Error(err)
			}
			if messages != many || len(ids) != many {
				t.Errorf("%d messages with %d identifiers, want %d (%d octets)", messages, len(ids), many, octets)
			}
		})
	}
}
