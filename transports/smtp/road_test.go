package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"clockwise.info/cwmail/transports/smtp/smtptest"
)

// world is a net with mail servers in memory, by address.
type world struct {
	servers map[string]*smtptest.Server
	mx      map[string]string // "10 mx1.test 20 mx2.test", "error"
	hosts   map[string]string
	dialled []string
	running sync.WaitGroup
}

var errServfail = errors.New("the name server failed")

func (w *world) options(from string, to ...string) SendOptions {
	return SendOptions{
		From: from, To: to, Message: []byte(message), Name: "cwmail.example", Now: time.Now,
		Dial: func(_ context.Context, _, address string) (net.Conn, error) {
			host, _, _ := net.SplitHostPort(address)
			w.dialled = append(w.dialled, host)
			s, ok := w.servers[host]
			if !ok {
				return nil, syscall.ECONNREFUSED
			}
			here, there := net.Pipe()
			w.running.Go(func() { s.Serve(there) })
			return here, nil
		},
		MX: func(_ context.Context, domain string) ([]MX, error) {
			text := w.mx[domain]
			if text == "error" {
				return nil, errServfail
			}
			var out []MX
			for f := strings.Fields(text); len(f) > 1; f = f[2:] {
				var m MX
				_, _ = fmt.Sscan(f[0], &m.Preference)
				m.Host = f[1]
				out = append(out, m)
			}
			return out, nil
		},
		Addresses: func(_ context.Context, host string) ([]netip.Addr, error) {
			if w.hosts[host] == "error" {
				return nil, errServfail
			}
			var out []netip.Addr
			for a := range strings.FieldsSeq(w.hosts[host]) {
				out = append(out, netip.MustParseAddr(a))
			}
			return out, nil
		},
	}
}

func TestRoads(t *testing.T) {
	a := smtptest.NewAuthority(t)
	good := smtptest.GoodMail(a.Issue(t, smtptest.Cert{}), nil)
	greeting := func(g string) smtptest.Script { s := good; s.Greeting = g; return s }
	many := ""
	for i := range 20 {
		many += fmt.Sprintf(" 192.0.2.%d", 101+i)
	}
	servers := map[string]smtptest.Script{
		"192.0.2.1": good, "2001:db8::1": good,
		"192.0.2.4":  greeting("421 4.3.2 busy"),
		"192.0.2.5":  greeting("554 5.7.1 go away"),
		"192.0.2.6":  good.With("EHLO", "drop"),
		"192.0.2.7":  good.With("RCPT", "450 4.2.0 greylisted"),
		"192.0.2.8":  good.With(".", "drop"),
		"192.0.2.9":  good.With("EHLO", "250-mail.acme.example\r\n250 SIZE 1000"),
		"192.0.2.10": good.With("STARTTLS", "454 4.7.0 not now"),
		"192.0.2.11": good.With("MAIL", "drop"),
	}
	hosts := map[string]string{
		"good.test": "192.0.2.1", "six.test": "2001:db8::9 2001:db8::1 192.0.2.1", "refuses.test": "192.0.2.2 192.0.2.3", "busy.test": "192.0.2.4",
		"away.test": "192.0.2.5", "drops.test": "192.0.2.6", "grey.test": "192.0.2.7", "unsure.test": "192.0.2.8", "clear.test": "192.0.2.9",
		"later.test": "192.0.2.10", "quits.test": "192.0.2.11", "many.test": many, "error.test": "error", "web.test": "192.0.2.1",
	}
	for _, c := range []struct {
		name, mx string
		outcome  Outcome
		trouble  Trouble
		stage    Stage
		dialled  string
	}{
		{"one", "10 good.test.", Accepted, NoTrouble, Done, "192.0.2.1"},
		{"implicit", "", Accepted, NoTrouble, Done, "192.0.2.1"},
		{"null", "0 .", NotSent, NullMX, Resolve, ""},
		{"preference", "20 good.test 10 six.test", Accepted, NoTrouble, Done, "2001:db8::9 2001:db8::1"},
		{"refused", "10 refuses.test 20 good.test", Accepted, NoTrouble, Done, "192.0.2.2 192.0.2.3 192.0.2.1"},
		{"busy", "10 busy.test 20 good.test", Accepted, NoTrouble, Done, "192.0.2.4 192.0.2.1"},
		{"drops at EHLO", "10 drops.test 20 good.test", Accepted, NoTrouble, Done, "192.0.2.6 192.0.2.1"},
		{"only busy", "10 busy.test 20 refuses.test", Deferred, BadReply, Banner, "192.0.2.4 192.0.2.2 192.0.2.3"},
		{"only refused", "10 refuses.test", NotSent, Refused, Connect, "192.0.2.2 192.0.2.3"},
		{"refused for good", "10 away.test 20 good.test", Rejected, BadReply, Banner, "192.0.2.5"},
		{"greylisted", "10 grey.test 20 good.test", Deferred, BadReply, Recipient, "192.0.2.7"},
		{"drops at MAIL", "10 quits.test 20 good.test", NotSent, Dropped, Sender, "192.0.2.11"},
		{"drops behind the message", "10 unsure.test 20 good.test", Unsure, Dropped, End, "192.0.2.8"},
		{"same address", "10 busy.test 20 busy.test", Deferred, BadReply, Banner, "192.0.2.4"},
		{"no address", "10 none.test 20 good.test", Accepted, NoTrouble, Done, "192.0.2.1"},
		{"no address at all", "10 none.test", NotSent, NoHost, Resolve, ""},
		{"look-up fails", "10 error.test", NotSent, NotResolved, Resolve, ""},
		{"a look-up fails", "10 error.test 20 good.test", Accepted, NoTrouble, Done, "192.0.2.1"},
		{"none and unknown", "10 none.test 20 error.test", NotSent, NotResolved, Resolve, ""},
		{"MX fails", "error", NotSent, NotResolved, Resolve, ""},
		{"many", "10 many.test", NotSent, Refused, Connect, strings.Join(strings.Fields(many)[:8], " ")},
		{"no STARTTLS", "10 clear.test", Accepted, NoTrouble, Done, "192.0.2.9"},
		{"STARTTLS later", "10 later.test", Accepted, NoTrouble, Done, "192.0.2.10"},
	} {
		w := &world{servers: map[string]*smtptest.Server{}, mx: map[string]string{"web.test": c.mx}, hosts: hosts}
		for address, script := range servers {
			w.servers[address] = smtptest.New(script)
		}
		got := Send(t.Context(), w.options("jan@acme.example", "piet@WEB.test."))
		w.running.Wait()
		if c.dialled == "" && len(w.dialled) == 0 {
			w.dialled = []string{""}
		}
		if got.Outcome != c.outcome || got.Trouble != c.trouble || got.Stage != c.stage || strings.Join(w.dialled, " ") != c.dialled {
			t.Errorf("%s: %s, trouble %d at the %s: %s, dialled %s\n%s", c.name, got.Outcome, got.Trouble, got.Stage, got.Detail, w.dialled, told(got))
		}
		sent := 0
		for _, s := range w.servers {
			sent += len(s.Messages())
		}
		if want := c.outcome == Accepted || c.outcome == Unsure; (sent == 1) != want || sent > 1 {
			t.Errorf("%s: sent %d times", c.name, sent)
		}
		if r := got.Routes[0]; r.Domain != "web.test" || r.Implicit != (c.name == "implicit") {
			t.Errorf("%s: %+v", c.name, r)
		}
		if c.outcome == Accepted && (got.Conversations[len(got.Conversations)-1].TLS != nil) != !strings.Contains(c.name, "STARTTLS") {
			t.Errorf("%s: TLS\n%s", c.name, told(got))
		}
	}
}

func TestTwoDomains(t *testing.T) {
	a := smtptest.NewAuthority(t)
	good := smtptest.GoodMail(a.Issue(t, smtptest.Cert{}), nil)
	w := &world{
		servers: map[string]*smtptest.Server{"192.0.2.1": smtptest.New(good), "192.0.2.2": smtptest.New(good.With("RCPT", "550 5.1.1 unknown")), "192.0.2.3": smtptest.New(good)},
		mx:      map[string]string{"a.test": "10 mx.a.test", "b.test": "10 mx.b.test"},
		hosts:   map[string]string{"mx.a.test": "192.0.2.1", "mx.b.test": "192.0.2.2"},
	}
	got := Send(t.Context(), w.options("", "x@a.test", "y@b.test", "z@A.test", "w@[192.0.2.3]"))
	w.running.Wait()
	var each []string
	for _, r := range got.Recipients {
		each = append(each, fmt.Sprint(r.Address, " ", r.Outcome, " ", r.Conversation))
	}
	want := []string{"x@a.test accepted 0", "y@b.test rejected 1", "z@A.test accepted 0", "w@[192.0.2.3] accepted 2"}
	if !slices.Equal(each, want) || got.Outcome != Partly || got.Reply.Enhanced != "5.1.1" {
		t.Errorf("%q %s %s", each, got.Outcome, got.Reply)
	}
	if heard := w.servers["192.0.2.1"].Heard(); !slices.Contains(heard, "MAIL FROM:<> SIZE=68") {
		t.Errorf("%q", heard)
	}
}

// inMemory sends in a bubble of time, over a server in memory.
func inMemory(t *testing.T, ctx context.Context, script smtptest.Script, change func(*SendOptions)) (Delivery, *smtptest.Server) {
	t.Helper()
	s := smtptest.New(script)
	w := &world{servers: map[string]*smtptest.Server{"192.0.2.1": s}, hosts: map[string]string{"mail.acme.example": "192.0.2.1"}}
	o := w.options("jan@acme.example", "piet@hoster.test")
	o.Host, o.Security, o.AnyCertificate = "mail.acme.example", "starttls", true
	o.Auth, o.Username, o.Secret = "plain", "jan@acme.example", func(context.Context) (string, error) { return secret, nil }
	if change != nil {
		change(&o)
	}
	began := time.Now()
	got := Send(ctx, o)
	if d := time.Since(began); d != got.Took {
		t.Errorf("took %s, said %s", d, got.Took)
	}
	w.running.Wait()
	return got, s
}

// stalls are servers that stop to answer, stage by stage.
func stalls(good smtptest.Script) map[Stage]smtptest.Script {
	silent, hangs, thinks := good, good, good
	silent.Greeting, hangs.InData, thinks.TLS = "silence", "deaf", good.TLS.Clone()
	thinks.TLS.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		<-time.After(24 * time.Hour) // of the test's own clock
		return nil, errServfail
	}
	return map[Stage]smtptest.Script{
		Banner: silent, Hello: good.With("EHLO", "silence"), StartTLS: good.With("STARTTLS", "silence"), HelloTLS: good.With("EHLO TLS", "silence"),
		Login: good.With("AUTH", "silence"), Sender: good.With("MAIL", "silence"), Recipient: good.With("RCPT", "silence"),
		Handshake: thinks, Data: hangs, End: good.With(".", "silence"),
	}
}

// Every stage ends in the time of RFC 5321, or in the one that we give it.
func TestStalls(t *testing.T) {
	a := smtptest.NewAuthority(t)
	good := smtptest.GoodMail(a.Issue(t, smtptest.Cert{}), users)
	const connect, reply, end = 7 * time.Second, 20 * time.Second, 40 * time.Second
	for stage, script := range stalls(good) {
		for _, capped := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				got, _ := inMemory(t, t.Context(), script, func(o *SendOptions) {
					if capped {
						o.Limits = Limits{Connect: connect, Reply: reply, End: end}
					}
					o.Message = append(o.Message, strings.Repeat("x\r\n", 10_000)...)
				})
				outcome := NotSent
				most := 5*time.Minute + connectPatience
				switch {
				case stage == End:
					outcome, most = Unsure, 10*time.Minute
				case stage == Data:
					most = 3*time.Minute + farewell
				}
				if capped {
					most = reply + connect
				}
				if capped && stage == End {
					most = end
				}
				if got.Trouble != TimedOut || got.Stage != stage || got.Outcome != outcome || got.Took > most || got.Took < min(most-connectPatience, reply) {
					t.Errorf("%s: %s, trouble %d at the %s after %s: %s", stage, got.Outcome, got.Trouble, got.Stage, got.Took, got.Detail)
				}
			})
		}
	}
}

func TestNoAnswerAtAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got, _ := inMemory(t, t.Context(), smtptest.Script{}, func(o *SendOptions) {
			o.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }
		})
		if got.Trouble != TimedOut || got.Stage != Connect || got.Outcome != NotSent || got.Took != connectPatience {
			t.Errorf("%s, trouble %d at the %s after %s: %s", got.Outcome, got.Trouble, got.Stage, got.Took, got.Detail)
		}
	})
}

// Who stops, stops at once; and what was under way is told apart.
func TestCancel(t *testing.T) {
	a := smtptest.NewAuthority(t)
	good := smtptest.GoodMail(a.Issue(t, smtptest.Cert{}), users)
	for stage, script := range stalls(good) {
		synctest.Test(t, func(t *testing.T) {
			ctx, stop := context.WithTimeout(t.Context(), time.Second)
			defer stop()
			got, s := inMemory(t, ctx, script, func(o *SendOptions) { o.Message = append(o.Message, strings.Repeat("x\r\n", 10_000)...) })
			want := NotSent
			if stage == End {
				want = Unsure
			}
			if got.Trouble != NotRun || got.Stage != stage || got.Outcome != want || got.Took != time.Second {
				t.Errorf("%s: %s, trouble %d at the %s after %s: %s", stage, got.Outcome, got.Trouble, got.Stage, got.Took, got.Detail)
			}
			if m := s.Messages(); stage == Data && (len(m) != 1 || m[0].Complete) {
				t.Errorf("%d messages", len(m))
			}
		})
	}
	w := &world{}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	o := w.options("", "a@b.test")
	o.MX = func(ctx context.Context, _ string) ([]MX, error) { return nil, ctx.Err() }
	if got := Send(ctx, o); got.Trouble != NotRun || got.Outcome != NotSent {
		t.Errorf("%+v", got)
	}
}

// A tarpit is slow, not down: each step tells how slow.
func TestTarpit(t *testing.T) {
	a := smtptest.NewAuthority(t)
	script := smtptest.GoodMail(a.Issue(t, smtptest.Cert{}), users)
	script.Delay = 8 * time.Second
	synctest.Test(t, func(t *testing.T) {
		got, _ := inMemory(t, t.Context(), script, nil)
		if got.Outcome != Accepted || got.Took < time.Minute {
			t.Errorf("%s after %s: %s", got.Outcome, got.Took, got.Detail)
		}
		for _, s := range got.Steps {
			slow := s.Stage != Resolve && s.Stage != Connect && s.Stage != Handshake && s.Stage != Done
			if slow != (s.Took >= script.Delay) && s.Stage != Done {
				t.Errorf("%s took %s", s.Stage, s.Took)
			}
		}
	})
}
