package relay

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/transports"
	"clockwise.info/cwmail/transports/smtp"
	"clockwise.info/cwmail/transports/smtp/smtptest"
)

// names answers like zones that are told by name.
type names map[string]string // "NAME TYPE": addresses or hosts with spaces between

func (n names) Lookup(_ context.Context, q dns.Question) dns.Answer {
	a := dns.Answer{Question: q, Status: dns.Empty, Server: "192.0.2.53:53"}
	for v := range strings.FieldsSeq(n[q.Name+" "+q.Type.String()]) {
		a.Status = dns.Found
		rec := dns.Record{Host: v}
		if ip, err := netip.ParseAddr(v); err == nil {
			rec = dns.Record{Addr: ip}
		}
		a.Records = append(a.Records, rec)
	}
	return a
}

func testOptions(n network) Options {
	return Options{
		Dial: n.dial, Now: func() time.Time { return smtptest.Now }, Roots: roots.Pool,
		ReplyTimeout: 5 * time.Second, ConnectTimeout: 3 * time.Second,
	}
}

func goodServer(t *testing.T, change func(smtptest.Script) smtptest.Script) *smtptest.Server {
	t.Helper()
	script := smtptest.Good(roots.Issue(t, smtptest.Cert{Names: []string{"*.acme.example"}}))
	if change != nil {
		script = change(script)
	}
	return smtptest.Start(t, script)
}

func open(all []finding.Finding) string {
	finding.Silence(all)
	var out []string
	for _, f := range all {
		if f.SilencedBy == "" {
			out = append(out, f.Code())
		}
	}
	return strings.Join(out, " ")
}

var controls = []Control{{"a.test", 25}, {"b.test", 25}, {"c.test", 25}, {"a.test", 443}}

// Nothing is said of the line without other hosts that tell.
func TestPort25Blocked(t *testing.T) {
	roots = smtptest.NewAuthority(t)
	works := goodServer(t, nil)
	zones := names{"mail.acme.example A": "192.0.2.1", "a.test A": "192.0.2.11", "b.test A": "192.0.2.12", "c.test A": "192.0.2.13"}
	for name, c := range map[string]struct {
		port     int
		controls []Control
		others   network // by address and port
		want     string
	}{
		"blocked":              {25, controls, network{"192.0.2.11:443": works}, "smtp.port-25-blocked"},
		"no control":           {25, nil, nil, "smtp.timed-out"},
		"all dead":             {25, controls, nil, "smtp.timed-out"},
		"another works":        {25, controls, network{"192.0.2.11:443": works, "192.0.2.12:25": works}, "smtp.timed-out"},
		"another refuses":      {25, controls, network{"192.0.2.11:443": works, "192.0.2.12:25": syscall.ECONNREFUSED}, "smtp.timed-out"},
		"too few":              {25, controls[1:], network{"192.0.2.11:443": works}, "smtp.timed-out"},
		"one without address":  {25, append([]Control{{"none.test", 25}}, controls...), network{"192.0.2.11:443": works}, "smtp.timed-out"},
		"another port":         {587, controls, network{"192.0.2.11:443": works}, "smtp.timed-out"},
		"the server refuses":   {25, controls, network{"192.0.2.1:25": syscall.ECONNREFUSED, "192.0.2.11:443": works}, "smtp.refused"},
		"the server has gone":  {25, controls, network{"192.0.2.1:25": syscall.EHOSTUNREACH, "192.0.2.11:443": works}, "smtp.no-route"},
		"nothing is concluded": {25, controls[:3], nil, "smtp.timed-out"},
	} {
		o := testOptions(nil)
		o.Controls = c.controls
		o.Dial = func(ctx context.Context, _, address string) (net.Conn, error) {
			return network{"x": c.others[address]}.dial(ctx, "tcp", "x:0")
		}
		res := Lookup(t.Context(), zones, server(func(s *transports.Server) { s.Port = c.port }), o)
		if got := open(Findings(res)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	if got := works.Heard(); len(got) > 0 {
		t.Errorf("controls were told %q", got)
	}
}

func TestReceivers(t *testing.T) {
	roots = smtptest.NewAuthority(t)
	works := goodServer(t, nil)
	bad := smtptest.Start(t, smtptest.Good(roots.Issue(t, smtptest.Cert{SelfSigned: true, Names: []string{"mx2.acme.example"}})))
	clear := goodServer(t, func(s smtptest.Script) smtptest.Script {
		return s.With("EHLO", "250-mail\r\n"+smtptest.Offers+"250 HELP")
	})
	zones := names{
		"mx1.acme.example A": "192.0.2.1", "mx2.acme.example A": "192.0.2.2", "mx3.acme.example AAAA": "2001:db8::3", "mx4.acme.example A": "192.0.2.4", "mx5.acme.example A": "10.0.0.1 127.0.0.1",
		"1.2.0.192.in-addr.arpa PTR": "mail.acme.example",
	}
	for name, c := range map[string]struct {
		hosts string
		net   network
		want  string
		text  string
	}{
		"good":                {"mx1", network{"192.0.2.1": works}, "", ""},
		"one is silent":       {"mx1 mx2", network{"192.0.2.1": works}, "smtp.partly-reachable", "mx1.acme.example works, mx2.acme.example does not"},
		"one refuses":         {"mx1 mx2", network{"192.0.2.1": works, "192.0.2.2": syscall.ECONNREFUSED}, "smtp.partly-reachable", "Only some mail servers of acme.example answer"},
		"all silent":          {"mx1 mx2", nil, "smtp.timed-out smtp.timed-out", "answers and bounces wait"},
		"IPv6 from without":   {"mx1 mx3", network{"192.0.2.1": works, "2001:db8::3": syscall.ENETUNREACH}, "", ""},
		"inside our network":  {"mx5", network{"10.0.0.1": works}, "", ""},
		"no address":          {"mx1 gone", network{"192.0.2.1": works}, "", ""},
		"self-signed":         {"mx1 mx2", network{"192.0.2.1": works, "192.0.2.2": bad}, "tls.self-signed", "senders encrypt without checking"},
		"clear":               {"mx1", network{"192.0.2.1": clear}, "tls.missing", "travels in clear"},
		"another name":        {"mx2", network{"192.0.2.2": works}, "", ""},
		"more than are asked": {"mx1 mx1 mx1 mx4", network{"192.0.2.1": works}, "", ""},
	} {
		var hosts []string
		for h := range strings.FieldsSeq(c.hosts) {
			hosts = append(hosts, h+".acme.example")
		}
		results := LookupReceivers(t.Context(), zones, "acme.example", hosts, testOptions(c.net))
		if len(results) > maxReceivers || hosts[0] == "mx5.acme.example" && len(results[0].Conversations) > 0 {
			t.Errorf("%s: too many are greeted", name)
		}
		all := ReceiverFindings(results)
		text := ""
		for _, f := range all {
			text += f.Title() + "\n" + f.Saw() + "\n" + f.Effect() + "\n" + f.Action() + "\n"
			if f.Subject != "acme.example" || len(f.Evidence) == 0 || strings.Contains(f.Effect()+f.Action(), "transport") {
				t.Errorf("%s: %s of %q: %s %s", name, f.Code(), f.Subject, f.Effect(), f.Action())
			}
			if f.Severity() == finding.Failure && strings.HasPrefix(f.Code(), "tls.") {
				t.Errorf("%s: %s is a failure", name, f.Code())
			}
		}
		if got := codes(all); got != c.want || !strings.Contains(text, c.text) {
			t.Errorf("%s: %s, want %s\n%s", name, got, c.want, text)
		}
	}
}

// What DANE or MTA-STS demands is not lowered, and what they say is there has
// been taken away where it is not.
func TestDemanded(t *testing.T) {
	roots = smtptest.NewAuthority(t)
	zones := names{"mx1.acme.example A": "192.0.2.1"}
	clear := goodServer(t, func(s smtptest.Script) smtptest.Script {
		return s.With("EHLO", "250-mail\r\n"+smtptest.Offers+"250 HELP")
	})
	for want, s := range map[string]*smtptest.Server{
		"tls.stripped":            clear,
		"tls.certificate-expired": smtptest.Start(t, smtptest.Good(roots.Issue(t, smtptest.Cert{Expiry: smtptest.Since.AddDate(0, 1, 0), Names: []string{"mx1.acme.example"}}))),
	} {
		results := LookupReceivers(t.Context(), zones, "acme.example", []string{"mx1.acme.example"}, testOptions(network{"192.0.2.1": s}))
		results[0].Demands = "the MTA-STS policy"
		all := ReceiverFindings(results)
		if codes(all) != want || all[0].Severity() != finding.Failure {
			t.Errorf("%s, want %s as a failure", codes(all), want)
		}
		results[0].Vouched = true // RFC 7672 section 3.1.1
		lowered := strings.HasPrefix(want, "tls.certificate-")
		if all := ReceiverFindings(results); (all[0].Severity() == finding.Warning) != lowered {
			t.Errorf("vouched for by DNS, %s is a %s", codes(all), all[0].Severity())
		}
	}
}

func TestBannerName(t *testing.T) {
	roots = smtptest.NewAuthority(t)
	s := goodServer(t, nil) // greets as mail.acme.example
	for ptr, want := range map[string]string{"mail.acme.example": "", "host.test": "smtp.banner-name-differs", "": "", "host.test MAIL.acme.example": ""} {
		zones := names{"mx1.acme.example A": "192.0.2.1", "1.2.0.192.in-addr.arpa PTR": ptr}
		all := ReceiverFindings(LookupReceivers(t.Context(), zones, "acme.example", []string{"mx1.acme.example"}, testOptions(network{"192.0.2.1": s})))
		if codes(all) != want {
			t.Errorf("%q: %s, want %s", ptr, codes(all), want)
		}
	}
	if got := dns.Reverse(netip.MustParseAddr("2001:db8::1")).Name; got != "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa" {
		t.Error(got)
	}
}

func TestInjection(t *testing.T) {
	roots = smtptest.NewAuthority(t)
	zones := names{"mail.acme.example A": "192.0.2.1"}
	for _, obeys := range []bool{true, false} {
		s := goodServer(t, func(s smtptest.Script) smtptest.Script { s.Obeys = obeys; return s })
		for _, asked := range []bool{true, false} {
			o := testOptions(network{"192.0.2.1": s})
			o.Injection = asked
			got, want := codes(Findings(Lookup(t.Context(), zones, server(same), o))), ""
			if obeys && asked {
				want = "smtp.starttls-injection"
			}
			if got != want {
				t.Errorf("obeys %v, asked %v: %s", obeys, asked, got)
			}
		}
	}
}

// The name that is said is judged where one is set; the stand-in is not.
func TestOwnName(t *testing.T) {
	roots = smtptest.NewAuthority(t)
	s := goodServer(t, nil)
	zones := names{"mail.acme.example A": "192.0.2.1", "out.acme.example A": "192.0.2.2"}
	for name, bad := range map[string]bool{
		"": false, "out.acme.example": false, "gone.acme.example": true, "localhost": true, "localhost.localdomain": true, "pc7": true, "[192.0.2.1]": true, "192.0.2.1": true,
	} {
		o := testOptions(network{"192.0.2.1": s})
		o.Name = name
		if got := codes(Findings(Lookup(t.Context(), zones, server(same), o))); (got == "smtp.helo-name-bad") != bad {
			t.Errorf("%q: %s", name, got)
		}
	}
}

// A wrong clock makes good certificates look bad.
func TestClockSkew(t *testing.T) {
	roots = smtptest.NewAuthority(t)
	zones := names{"mail.acme.example A": "192.0.2.1"}
	expired := smtptest.Start(t, smtptest.Good(roots.Issue(t, smtptest.Cert{Expiry: smtptest.Now.Add(-24 * time.Hour)})))
	for name, c := range map[string]struct {
		says time.Time
		want string
	}{
		"wrong here":           {smtptest.Now.Add(-48 * time.Hour), "tls.clock-skew"},
		"right":                {smtptest.Now.Add(-time.Minute), "tls.certificate-expired"},
		"wrong, expired still": {smtptest.Now.Add(-time.Hour), "tls.certificate-expired"},
		"not asked":            {time.Time{}, "tls.certificate-expired"},
	} {
		o := testOptions(network{"192.0.2.1": expired})
		o.Clock = Clock{Server: "www.test", Says: c.says, At: smtptest.Now}
		if got := open(Findings(Lookup(t.Context(), zones, server(same), o))); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// V61: busy first, and slow the next time: never down.
func TestBusyThenSlow(t *testing.T) {
	greeting := smtp.Reply{Code: 220, Lines: []string{"mx.acme.example ESMTP"}}
	busy := smtp.Reply{Code: 421, Enhanced: "4.3.2", Lines: []string{"busy"}}
	lines := []smtp.Line{{Dir: '*', Text: "connected"}, {At: 20 * time.Second, Dir: 'S', Text: "220 mx.acme.example ESMTP"}}
	all := smtp.Extensions{}
	for _, c := range capabilities {
		all = append(all, smtp.Extension{Keyword: c})
	}
	for want, c := range map[string]smtp.Conversation{
		"smtp.temporarily-unavailable tls.unreadable": {Stage: smtp.Banner, Security: "starttls", Trouble: smtp.BadReply, Greeting: busy, Reply: busy},
		"smtp.banner-slow": {Stage: smtp.Done, Security: "starttls", Greeting: greeting, Lines: lines, Took: 21 * time.Second, Offered: all},
	} {
		res := Result{Server: transports.Server{Host: "mx.acme.example", Port: 25, Security: "starttls"}, Subject: "acme.example", Receives: true, Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1")}, Conversations: []smtp.Conversation{c}}
		got := ReceiverFindings([]Result{res})
		if codes(got) != want || got[0].Severity() == finding.Failure {
			t.Errorf("%s, want %s", codes(got), want)
		}
	}
}
