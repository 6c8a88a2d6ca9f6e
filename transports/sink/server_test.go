package sink

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

const host = "mx.clockwise.test"

// inbox keeps what a server hands over.
type inbox struct {
	mu  sync.Mutex
	all []Received
	err error
}

func (b *inbox) take(r *Received) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return b.err
	}
	c := *r
	c.Message = bytes.Clone(r.Message)
	b.all = append(b.all, c)
	return nil
}

func (b *inbox) messages() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []string
	for _, r := range b.all {
		out = append(out, string(r.Message))
	}
	return out
}

// pipes is a listener inside the test, whose time synctest moves.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial() net.Conn {
	ours, theirs := net.Pipe()
	p.conns <- theirs
	return ours
}

// serve runs a server on loopback until the test ends.
func serve(t testing.TB, o Options) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serveOn(t, l, o)
	return l.Addr().String()
}

func serveOn(t testing.TB, l net.Listener, o Options) {
	t.Helper()
	o.Name, o.Now = host, time.Now
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// client is the other side of a conversation.
type client struct {
	t    testing.TB
	conn net.Conn
	r    *bufio.Reader
}

func dial(t testing.TB, address string) *client {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	return &client{t: t, conn: conn, r: bufio.NewReader(conn)}
}

func (c *client) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c.conn, text); err != nil {
		c.t.Error(err)
	}
}

// want reads replies, and compares their codes.
func (c *client) want(codes ...string) (last string) {
	c.t.Helper()
	for _, code := range codes {
		for {
			line, err := c.r.ReadString('\n')
			if err != nil {
				c.t.Fatalf("%v, want %s", err, code)
			}
			if last = strings.TrimSpace(line); !strings.HasPrefix(line, code) {
				c.t.Fatalf("%q, want %s", line, code)
			}
			if line[len(code)] == ' ' || len(code) > 3 {
				break
			}
		}
	}
	return last
}

func (c *client) ended() {
	c.t.Helper()
	if rest, err := c.r.ReadString('\n'); err == nil {
		c.t.Errorf("%q, want the end", rest)
	}
}

const begin = "EHLO client.example\r\nMAIL FROM:<jan@acme.example>\r\nRCPT TO:<piet@hoster.test>\r\n"

func (c *client) began() {
	c.t.Helper()
	c.want("220")
	c.send(begin + "DATA\r\n")
	c.want("250", "250", "250", "354")
}

func TestReceived(t *testing.T) {
	box := &inbox{}
	c := dial(t, serve(t, Options{Handler: box.take}))
	c.began()
	c.send("Subject: a\r\n\r\n..dot\r\n.x\r\n" + strings.Repeat("long", 3000) + "\r\n.\r\nMAIL FROM:<>  BODY=8BITMIME SIZE=12 SMTPUTF8\r\nRCPT TO:<@a,@b:jän@acme.example>\r\nRCPT TO:<Postmaster>\r\nDATA\r\n")
	c.want("250", "250", "250", "250", "354")
	c.send(".\r\nNOOP\r\nVRFY jan\r\nHELP\r\nQUIT\r\n")
	c.want("250", "250", "252", "214", "221")
	c.ended()
	want := []string{"Subject: a\r\n\r\n.dot\r\nx\r\n" + strings.Repeat("long", 3000) + "\r\n", ""}
	if got := box.messages(); !slices.Equal(got, want) {
		t.Fatalf("%q", got)
	}
	first, second := box.all[0], box.all[1]
	if first.From != "jan@acme.example" || !slices.Equal(first.To, []string{"piet@hoster.test"}) || first.Hello != "client.example" || !first.Extended || first.TLS != nil || first.UTF8 {
		t.Errorf("%+v", first)
	}
	if second.From != "" || !slices.Equal(second.To, []string{"jän@acme.example", "Postmaster"}) || !second.UTF8 || second.ID == first.ID {
		t.Errorf("%+v", second)
	}
	if first.Client.Addr().String() != "127.0.0.1" || first.Client.String() != c.conn.LocalAddr().String() {
		t.Errorf("client %s", first.Client)
	}
	if first.Began.Before(first.Connected) || first.Ended.Before(first.Began) {
		t.Errorf("times %s %s %s", first.Connected, first.Began, first.Ended)
	}
}

// TestReplies holds what each wrong command hears.
func TestReplies(t *testing.T) {
	long := strings.Repeat("x", 3000)
	for _, c := range []struct{ lines, want string }{
		{"MAIL FROM:<a@b.example>\r\n", "503"},
		{"EHLO\r\n", "501"},
		{"HELO a(b\r\n", "501"},
		{"HELO [192.0.2.1]\r\nRCPT TO:<a@b.example>\r\n", "250 503"},
		{"HELO a\r\nDATA\r\n", "250 503"},
		{"HELO a\r\nMAIL FROM:<a@b.example>\r\nMAIL FROM:<a@b.example>\r\nDATA\r\nRSET\r\nRCPT TO:<a@b.example>\r\n", "250 250 503 554 250 503"},
		{"helo a\r\nmail from: <a@b.example>\r\nrcpt to: <\"a> b\"@b.example>\r\n", "250 250 250"},
		{"HELO a\r\nMAIL FROM:a@b.example\r\nMAIL FROM:<a@b.example\r\nMAIL TO:<a@b.example>\r\nMAIL\r\n", "250 501 501 501 501"},
		{"HELO a\r\nMAIL FROM:<a>\r\nMAIL FROM:<@b.example>\r\nMAIL FROM:<a@>\r\nMAIL FROM:<a b@b.example>\r\nMAIL FROM:<a@b..\x85.example>\r\n", "250 501 501 501 501 501"},
		{"HELO a\r\nMAIL FROM:<ä@b.example>\r\nMAIL FROM:<ä@b.example> SMTPUTF8\r\n", "250 553 250"},
		{"HELO a\r\nMAIL FROM:<a@b.example> SIZE=99999999999\r\nMAIL FROM:<a@b.example> SIZE=-1\r\nMAIL FROM:<a@b.example> RET=HDRS\r\n", "250 552 555 555"},
		{"HELO a\r\nMAIL FROM:<>\r\nRCPT TO:<>\r\nRCPT TO:<a@b.example> NOTIFY=NEVER\r\n", "250 250 501 555"},
		{"NOOP\nNOOP\r\n", "500 250"},
		{"NOOP\rRSET\r\n", "500"},
		{"NO\x00OP\r\n", "500"},
		{long + "\r\nNOOP\r\n", "500 250"},
		{long + long + "\r\nNOOP\r\n", "500 250"},
		{long + long + long + long, "421"},
		{"STARTTLS\r\nAUTH PLAIN AAAA\r\nEXPN a\r\nXYZ\r\nBDAT 3\r\n", "502 502 502 500 421"},
		{"GET / HTTP/1.1\r\n", "421"},
		{strings.Repeat("XYZ\r\n", 4), "500 500 500 421"},
	} {
		t.Run(c.lines[:min(60, len(c.lines))], func(t *testing.T) {
			mistakes := 10
			if strings.HasPrefix(c.lines, "XYZ") {
				mistakes = 3
			}
			conn := dial(t, serve(t, Options{Limits: Limits{Mistakes: mistakes}}))
			conn.want("220")
			conn.send(c.lines)
			conn.want(strings.Fields(c.want)...)
		})
	}
}

// TestSmuggling holds that nothing but CR LF, dot, CR LF ends a message, and that
// a message with a bare CR or LF is refused (RFC 5321 section 2.3.8).
func TestSmuggling(t *testing.T) {
	const smuggled = "MAIL FROM:<boss@acme.example>\r\nRCPT TO:<piet@hoster.test>\r\nDATA\r\nSubject: smuggled\r\n\r\n"
	for _, end := range []string{"\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r.\r\n", "\r\n.\r", "\n.\r", "\r.\n", "\r\r\n.\n", "\r\n.\x00\r\n", "\r\n\x00.\r\n", "\n\n.\r\n"} {
		t.Run(fmt.Sprintf("%q", end), func(t *testing.T) {
			box := &inbox{}
			c := dial(t, serve(t, Options{Handler: box.take}))
			c.began()
			c.send("Subject: first\r\n\r\ntext" + end + smuggled + "\r\n.\r\nQUIT\r\n")
			want := "550 5.6.0"
			if strings.Contains(end, "\x00") {
				want = "250 2.0.0" // one message, with all in it
			}
			c.want(want, "221")
			c.ended()
			if got := len(box.messages()); got > 1 || got == 1 && want[0] == '5' {
				t.Errorf("%d messages", got)
			}
		})
	}
}

// TestSplitText holds that it does not matter how a message is cut.
func TestSplitText(t *testing.T) {
	body := strings.Repeat("a", 4094) + "\r\n" + strings.Repeat("b", 4095) + "\r\n" + strings.Repeat("c", 4096) + "\r\n." + "\r\n"
	for _, c := range []struct {
		in, want string
		bare     bool
	}{
		{body, strings.TrimSuffix(body, ".\r\n"), false},
		{strings.Repeat("a", 4095) + "\r", "", true},
		{strings.Repeat("a", 4096) + "\n", "", true},
		{strings.Repeat("a", 4095) + "\rb\r\n", "", true},
		{strings.Repeat("a", 4096) + ".\r\n", "", false},
	} {
		in := c.in
		if !strings.HasSuffix(in, "\r\n.\r\n") {
			in += "\r\n.\r\n"
		}
		for _, piece := range []int{1, 2, 7, 4096, 1 << 20} {
			x := text{keep: func(int) bool { return true }}
			if err := x.read(bufio.NewReaderSize(&pieces{rest: in, n: piece}, 4096)); err != nil || x.bare != c.bare {
				t.Errorf("%d: %v, bare %v of %q…", piece, err, x.bare, in[:10])
			}
			if c.want != "" && string(x.body) != c.want {
				t.Errorf("%d: %d octets, want %d", piece, len(x.body), len(c.want))
			}
		}
	}
}

// pieces gives n bytes at a time.
type pieces struct {
	rest string
	n    int
}

func (p *pieces) Read(b []byte) (int, error) {
	if p.rest == "" {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), p.n)], p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

func TestLimits(t *testing.T) {
	t.Run("size", func(t *testing.T) {
		box := &inbox{}
		c := dial(t, serve(t, Options{Handler: box.take, Limits: Limits{Size: 100}}))
		c.began()
		c.send(strings.Repeat("x", 98) + "\r\n.\r\n" + begin + "DATA\r\n")
		c.want("250", "250", "250", "250", "354")
		c.send(strings.Repeat("x", 99) + "\r\n.\r\n")
		c.want("552")
		if got := box.messages(); len(got) != 1 {
			t.Errorf("%d messages", len(got))
		}
	})
	t.Run("memory", func(t *testing.T) {
		address := serve(t, Options{Limits: Limits{Memory: 100}})
		c, other := dial(t, address), dial(t, address)
		other.began()
		c.began()
		other.send(strings.Repeat("x", 58) + "\r\n")
		for tries := 0; ; tries++ { // until the other one's line has been read
			c.send(strings.Repeat("x", 58) + "\r\n.\r\n")
			if line, _ := c.r.ReadString('\n'); strings.HasPrefix(line, "452 4.3.1") {
				break
			} else if !strings.HasPrefix(line, "250") || tries > 1000 {
				t.Fatal(line)
			}
			c.send(begin + "DATA\r\n")
			c.want("250", "250", "250", "354")
		}
		other.send(".\r\n")
		other.want("250")
		c.send(begin + "DATA\r\n")
		c.want("250", "250", "250", "354")
		c.send(strings.Repeat("x", 90) + "\r\n.\r\n")
		c.want("250") // all is free again
	})
	t.Run("recipients", func(t *testing.T) {
		c := dial(t, serve(t, Options{Limits: Limits{Recipients: 2}}))
		c.want("220")
		c.send(begin + "RCPT TO:<a@b.example>\r\nRCPT TO:<c@b.example>\r\n")
		c.want("250", "250", "250", "250", "452 4.5.3")
	})
	for _, c := range []struct {
		name   string
		limits Limits
	}{{"connections", Limits{Connections: 2}}, {"per address", Limits{PerAddress: 2}}} {
		t.Run(c.name, func(t *testing.T) {
			address := serve(t, Options{Limits: c.limits})
			first, second := dial(t, address), dial(t, address)
			first.want("220")
			second.want("220")
			third := dial(t, address)
			third.want("421 4.7.0")
			third.ended()
			first.send("QUIT\r\n")
			first.want("221")
			first.ended()
			for tries := 0; ; tries++ { // until the server has forgotten the first
				line, _ := dial(t, address).r.ReadString('\n')
				if strings.HasPrefix(line, "220") {
					break
				}
				if tries > 1000 {
					t.Fatal(line)
				}
			}
		})
	}
	t.Run("handler", func(t *testing.T) {
		box := &inbox{err: errors.New("secret")}
		c := dial(t, serve(t, Options{Handler: box.take}))
		c.began()
		c.send("x\r\n.\r\n")
		if last := c.want("451 4.3.0"); strings.Contains(last, "secret") {
			t.Error(last)
		}
	})
}

// TestSlow holds that time ends whoever dawdles, a byte at a time or not at all.
func TestSlow(t *testing.T) {
	limits := Limits{Command: 10 * time.Second, Text: 30 * time.Second, Session: time.Minute}
	for _, c := range []struct {
		name, begin, drip string
		want              time.Duration
	}{
		{"silent", "", "", 10 * time.Second},
		{"drips a command", "", "N", 10 * time.Second},
		{"silent in text", begin + "DATA\r\n", "", 30 * time.Second},
		{"drips text", begin + "DATA\r\n", "x\r\n", 30 * time.Second},
		{"drips commands", "", "NOOP\r\n", time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPipes()
				serveOn(t, p, Options{Limits: limits})
				conn, began := p.dial(), time.Now()
				ended := make(chan string)
				go func() {
					all, _ := io.ReadAll(conn)
					ended <- string(all)
				}()
				_, _ = io.WriteString(conn, c.begin)
				var dripping sync.WaitGroup
				if c.drip != "" {
					dripping.Go(func() {
						for {
							time.Sleep(time.Second)
							if _, err := io.WriteString(conn, c.drip); err != nil {
								return
							}
						}
					})
				}
				said := <-ended
				dripping.Wait()
				if took := time.Since(began); took < c.want || took > c.want+2*time.Second {
					t.Errorf("ended after %s, want %s", took, c.want)
				}
				if !strings.HasSuffix(said, string(tooLate)) {
					t.Errorf("%q", said)
				}
			})
		})
	}
	t.Run("does not read", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := newPipes()
			serveOn(t, p, Options{Limits: limits})
			conn := p.dial()
			time.Sleep(10*time.Second + 2*grace)
			if _, err := io.WriteString(conn, "NOOP\r\n"); err == nil {
				t.Error("the connection is still there")
			}
		})
	})
}

func TestStartTLS(t *testing.T) {
	cert, err := SelfSigned(host, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	o := Options{TLS: &tls.Config{Certificates: []tls.Certificate{cert}}}
	t.Run("encrypts", func(t *testing.T) {
		box := &inbox{}
		o := o
		o.Handler = box.take
		c := dial(t, serve(t, o))
		c.want("220")
		c.send("EHLO a.example\r\nMAIL FROM:<before@acme.example>\r\nSTARTTLS\r\n")
		c.want("250", "250", "220")
		conn := tls.Client(c.conn, &tls.Config{ServerName: host, InsecureSkipVerify: true})
		c.conn, c.r = conn, bufio.NewReader(conn)
		c.send("MAIL FROM:<a@b.example>\r\nSTARTTLS\r\n")
		c.want("503", "503") // all before is forgotten
		c.send(begin + "DATA\r\n")
		c.want("250", "250", "250", "354")
		c.send("x\r\n.\r\nQUIT\r\n")
		c.want("250", "221")
		c.ended()
		if len(box.all) != 1 || box.all[0].TLS == nil || box.all[0].TLS.Version != tls.VersionTLS13 {
			t.Errorf("%+v", box.all)
		}
	})
	t.Run("injection", func(t *testing.T) {
		c := dial(t, serve(t, o))
		c.want("220")
		c.send("STARTTLS\r\nRSET\r\n")
		c.want("421 4.7.0")
		c.ended()
	})
	t.Run("no TLS", func(t *testing.T) {
		c := dial(t, serve(t, o))
		c.want("220")
		c.send("STARTTLS\r\n")
		c.want("220")
		c.send("NOOP, in clear\r\n")
		_, _ = io.Copy(io.Discard, c.r) // an alert, and the end
	})
}

// TestEnd holds that a server that stops says so, and finishes what it has.
func TestEnd(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	inside, goOn := make(chan struct{}), make(chan struct{})
	s, err := New(Options{Name: host, Now: time.Now, Handler: func(*Received) error {
		close(inside)
		<-goOn
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	idle, busy, half := dial(t, l.Addr().String()), dial(t, l.Addr().String()), dial(t, l.Addr().String())
	idle.want("220")
	half.began()
	half.send("half a message\r\n")
	busy.began()
	busy.send("x\r\n.\r\n")
	<-inside
	stop()
	idle.want("421 4.3.2")
	half.want("421 4.3.2")
	select {
	case err := <-ended:
		t.Errorf("ended with %v while a message is on its way", err)
	default:
	}
	close(goOn)
	busy.want("250", "421 4.3.2")
	busy.ended()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("it still listens")
	}
}

// TestMany holds that of 2,000 messages over several connections none is lost,
// doubled or mixed up.
func TestMany(t *testing.T) {
	const conns, each = 8, 250
	box := &inbox{}
	address := serve(t, Options{Handler: box.take})
	var wg sync.WaitGroup
	for n := range conns {
		wg.Go(func() {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			r := bufio.NewReader(conn)
			hear := func(code string) bool {
				line, err := r.ReadString('\n')
				if err != nil || !strings.HasPrefix(line, code) {
					t.Errorf("%q %v", line, err)
					return false
				}
				return true
			}
			if !hear("220") {
				return
			}
			_, _ = io.WriteString(conn, "HELO a.example\r\n")
			hear("250")
			for i := range each {
				fmt.Fprintf(conn, "MAIL FROM:<%d.%d@acme.example>\r\nRCPT TO:<a@hoster.test>\r\nDATA\r\n", n, i)
				if !hear("250 2.1.0") || !hear("250 2.1.5") || !hear("354") {
					return
				}
				fmt.Fprintf(conn, "Subject: %d.%d\r\n\r\n%s\r\n.\r\n", n, i, strings.Repeat("x", 13*i))
				if !hear("250") {
					return
				}
			}
		})
	}
	wg.Wait()
	seen, ids := map[string]bool{}, map[string]bool{}
	for _, r := range box.all {
		name, _, _ := strings.Cut(r.From, "@")
		var n, i int
		if _, err := fmt.Sscanf(name, "%d.%d", &n, &i); err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("Subject: %s\r\n\r\n%s\r\n", name, strings.Repeat("x", 13*i)); string(r.Message) != want {
			t.Errorf("%s: %q", name, r.Message)
		}
		seen[name], ids[r.ID] = true, true
	}
	if len(seen) != conns*each || len(box.all) != len(seen) || len(ids) != len(seen) {
		t.Errorf("%d messages, %d different, %d identifiers", len(box.all), len(seen), len(ids))
	}
}

func TestNew(t *testing.T) {
	for _, o := range []Options{
		{},
		{Name: "a b", Now: time.Now},
		{Name: host},
		{Name: host, Now: time.Now, Limits: Limits{Size: -1}},
		{Name: host, Now: time.Now, Limits: Limits{Recipients: -1}},
		{Name: host, Now: time.Now, Limits: Limits{Text: -1}},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}

func FuzzCommand(f *testing.F) {
	for _, s := range []string{"FROM:<a@b.example> SIZE=1 BODY=8BITMIME SMTPUTF8", "to:<\"a\\\">\"@[192.0.2.1]>", "FROM:<@a,@b:c@d>", "FROM:<>", "FROM:< >", "TO:<postmaster>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		verb, rest := split([]byte("mail " + line))
		if string(verb) != "MAIL" {
			t.Errorf("verb %q", verb)
		}
		for _, keyword := range []string{"FROM:", "TO:"} {
			p, err := parsePath(rest, keyword)
			if err != nil {
				continue
			}
			if p.size < 0 || !strings.Contains(line, p.address) {
				t.Errorf("%+v of %q", p, line)
			}
			if checkAddress(p.address, keyword == "FROM:", p.utf8) != nil {
				continue
			}
			if len(p.address) > maxPath || strings.ContainsFunc(p.address, isControl) {
				t.Errorf("%q is taken for an address", p.address)
			}
		}
	})
}

// FuzzText compares the reader with the rule itself.
func FuzzText(f *testing.F) {
	for _, s := range []string{"a\r\n.\r\n", ".\r\n", "a\n.\n\r\n.\r\n", "\r.\r\n\r\n.\r\n", "..\r\n.\r\n", "\r\r\n.\r\n"} {
		f.Add(s, 3)
	}
	f.Fuzz(func(t *testing.T, in string, piece int) {
		x := text{keep: func(int) bool { return true }}
		err := x.read(bufio.NewReaderSize(&pieces{rest: in, n: max(1, piece)}, 16))
		body, _, found := strings.Cut("\r\n"+in, "\r\n.\r\n")
		if (err == nil) != found {
			t.Fatalf("%q: %v", in, err)
		}
		if !found {
			return
		}
		body = strings.ReplaceAll(body+"\r\n", "\r\n.", "\r\n")[2:]
		if string(x.body) != body {
			t.Errorf("%q gives %q, want %q", in, x.body, body)
		}
		alone := strings.ReplaceAll(body, "\r\n", "")
		if bare := strings.ContainsAny(alone, "\r\n"); bare != x.bare {
			t.Errorf("%q: bare %v", in, x.bare)
		}
	})
}
