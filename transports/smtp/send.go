package smtp

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxAttempts bounds the addresses that are tried for one domain.
const maxAttempts = 8

// Send sends a message, once. Another host is tried only as long as nothing of
// this mail was said, never after a refusal for good. It always returns a
// Delivery: what went wrong is part of it.
func Send(ctx context.Context, o SendOptions) Delivery { return deliver(ctx, o, false) }

// ProbeMail says everything that Send says, but for DATA: it asks whether mail
// of this sender would be taken for these recipients, each of them, and takes
// it back with RSET. Without recipients it ends behind the login.
func ProbeMail(ctx context.Context, o SendOptions) Delivery { return deliver(ctx, o, true) }

func deliver(ctx context.Context, o SendOptions, probe bool) Delivery {
	o = o.complete()
	d := &delivery{SendOptions: o, ctx: ctx, probe: probe}
	d.Delivery = Delivery{Began: o.Now(), From: o.From, Probed: probe}
	for _, to := range o.To {
		d.Recipients = append(d.Recipients, Result{Address: to, Conversation: -1})
	}
	if why := o.wrong(probe); why != "" {
		d.all(Result{Stage: Resolve, Trouble: NotMail, Detail: why, Conversation: -1})
	} else {
		for _, g := range d.groups() {
			d.follow(g)
		}
	}
	d.conclude()
	d.Took = o.Now().Sub(d.Began)
	return d.Delivery
}

func (o SendOptions) complete() SendOptions {
	o.Host = strings.TrimSuffix(o.Host, ".")
	if o.Port == 0 {
		o.Port = 25
	}
	if o.Security == "" {
		o.Security = Opportunistic
	}
	if o.Auth == "none" {
		o.Auth = ""
	}
	if o.Limits.Connect == 0 {
		o.Limits.Connect = connectPatience
	}
	if o.Limits.Reply == 0 {
		o.Limits.Reply = time.Hour // longer than all that it could shorten
	}
	if o.Limits.End == 0 {
		o.Limits.End = patience[End]
	}
	if o.Shuffle == nil {
		o.Shuffle = func(int, func(i, j int)) {}
	}
	return o
}

// delivery is one under way.
type delivery struct {
	SendOptions
	Delivery
	ctx     context.Context
	probe   bool
	last    Result // of a delivery without recipients
	running bool   // the last step has not ended
}

// group is a domain with its recipients, by their index.
type group struct {
	domain  string
	members []int
}

func (d *delivery) groups() []group {
	if d.Host != "" {
		all := group{}
		for i := range d.To {
			all.members = append(all.members, i)
		}
		return []group{all}
	}
	var out []group
	for i, to := range d.To {
		domain := strings.ToLower(strings.TrimSuffix(to[strings.LastIndexByte(to, '@')+1:], "."))
		at := slices.IndexFunc(out, func(g group) bool { return g.domain == domain })
		if at < 0 {
			at = len(out)
			out = append(out, group{domain: domain})
		}
		out[at].members = append(out[at].members, i)
	}
	return out
}

// follow takes a group's mail along its route.
func (d *delivery) follow(g group) {
	r, bad := d.route(g.domain)
	d.Routes = append(d.Routes, r)
	route := &d.Routes[len(d.Routes)-1]
	if bad != nil {
		d.set(g, *bad)
		return
	}
	best, tries, tried := Result{Stage: Resolve, Trouble: NoHost, Detail: "no mail server has an address", Conversation: -1}, 0, map[netip.AddrPort]bool{}
	for i := range route.Hosts {
		if bad := d.locate(&route.Hosts[i]); bad != nil {
			if best.Conversation < 0 && best.Trouble != NotResolved {
				best = *bad
			}
			if bad.Trouble == NotRun {
				break
			}
			continue
		}
		for _, a := range route.Hosts[i].Addresses {
			address := netip.AddrPortFrom(a, uint16(d.Port))
			if tried[address] || tries == maxAttempts {
				continue
			}
			tried[address] = true
			tries++
			index := len(d.Conversations)
			c := d.converse(g, route.Hosts[i].Name, address)
			d.Conversations = append(d.Conversations, c)
			if !elsewhere(c) {
				d.judge(g, index)
				return
			}
			if this := resultOf(c, index); further(d.Conversations, this, best) {
				best = this
			}
		}
	}
	d.set(g, best)
}

// elsewhere holds where another address may be tried: the server did not get
// to hear of the mail, and did not refuse for good.
func elsewhere(c Conversation) bool {
	if c.Mail != nil || c.Stage > HelloTLS {
		return false
	}
	switch c.Trouble {
	case Refused, TimedOut, NoRoute, Dropped, NotSMTP, BadTLS, OtherTrouble:
		return true
	case BadReply:
		return c.Reply.Code/100 == 4
	}
	return false
}

// further says whether a tells more than b does, when neither got through.
func further(all []Conversation, a, b Result) bool {
	rank := func(r Result) int {
		switch {
		case r.Conversation < 0:
			return 0
		case r.Trouble == NoRoute:
			return 1
		case all[r.Conversation].Stage == Connect:
			return 2
		}
		return 3
	}
	return rank(a) > rank(b)
}

// route looks for the mail servers of a domain (RFC 5321 section 5.1).
func (d *delivery) route(domain string) (Route, *Result) {
	if domain == "" {
		return Route{Hosts: []Host{{Name: d.Host}}}, nil
	}
	r := Route{Domain: domain}
	if strings.HasPrefix(domain, "[") {
		literal, err := netip.ParseAddr(strings.TrimPrefix(strings.Trim(domain, "[]"), "ipv6:"))
		if err != nil {
			return r, d.unresolved(NoHost, domain+" is not an address")
		}
		r.Hosts = []Host{{Name: literal.String()}}
		return r, nil
	}
	d.begin(Resolve, domain)
	found, err := d.MX(d.ctx, domain)
	switch {
	case err != nil:
		return r, d.unresolved(troubleOf(d.ctx, err, NotResolved), "the mail servers of "+domain+" could not be looked up: "+words(err))
	case len(found) == 1 && strings.Trim(found[0].Host, ".") == "":
		return r, d.unresolved(NullMX, domain+" says that it takes no mail (null MX)")
	case len(found) == 0:
		r.Implicit = true
		r.Hosts = []Host{{Name: domain}}
	}
	d.Shuffle(len(found), func(i, j int) { found[i], found[j] = found[j], found[i] })
	slices.SortStableFunc(found, func(a, b MX) int { return int(a.Preference) - int(b.Preference) })
	for _, m := range found {
		if name := strings.TrimSuffix(m.Host, "."); name != "" {
			r.Hosts = append(r.Hosts, Host{Name: name, Preference: m.Preference})
		}
	}
	return r, nil
}

// locate looks for the addresses of a host, when it is its turn.
func (d *delivery) locate(h *Host) *Result {
	if a, err := netip.ParseAddr(h.Name); err == nil {
		h.Addresses = []netip.Addr{a}
		return nil
	}
	d.begin(Resolve, h.Name)
	found, err := d.Addresses(d.ctx, h.Name)
	switch {
	case err != nil:
		return d.unresolved(troubleOf(d.ctx, err, NotResolved), "the addresses of "+h.Name+" could not be looked up: "+words(err))
	case len(found) == 0:
		return d.unresolved(NoHost, h.Name+" has no address")
	}
	h.Addresses = found
	return nil
}

func (d *delivery) unresolved(t Trouble, detail string) *Result {
	if t != NotRun && t != NullMX && t != NoHost {
		t = NotResolved // whatever kept us from it
	}
	d.end(Failed, detail)
	return &Result{Stage: Resolve, Trouble: t, Detail: detail, Conversation: -1}
}

// converse leads one conversation.
func (d *delivery) converse(g group, host string, address netip.AddrPort) Conversation {
	s := newSession(d.ctx, Options{
		Host: host, Address: address, Security: d.Security, Name: d.Name, Dial: d.Dial, Now: d.Now, Roots: d.Roots,
		ConnectTimeout: d.Limits.Connect, ReplyTimeout: d.Limits.Reply,
	})
	s.strict, s.login = true, d.Auth != ""
	s.wait = d.wait
	s.entered = func(stage Stage, what string) {
		if what == "" {
			what = net.JoinHostPort(host, strconv.Itoa(int(address.Port())))
		}
		d.begin(stage, what)
	}
	s.heard = func(l Line) {
		if d.Emit != nil {
			d.Emit(Event{Line: &l, Conversation: len(d.Conversations)})
		}
	}
	var to []string
	for _, i := range g.members {
		to = append(to, d.To[i])
	}
	s.transact(d.SendOptions, d.envelope(to), d.probe)
	if s.c.Trouble == NoTrouble {
		d.end(OK, "")
	} else {
		d.end(Failed, s.c.Detail)
	}
	return s.close()
}

// wait is how long to wait for a reply at a stage. A greeting is waited for
// twice: see session.greeting.
func (d *delivery) wait(stage Stage) time.Duration {
	switch stage {
	case End:
		return min(patience[End], d.Limits.End)
	case Banner:
		return min(patience[Banner], d.Limits.Reply) / 2
	}
	return min(patience[stage], d.Limits.Reply)
}

// begin begins a step; the one before it went well.
func (d *delivery) begin(stage Stage, what string) {
	d.end(OK, "")
	at := -1
	if stage != Resolve {
		at = len(d.Conversations)
	}
	d.Steps = append(d.Steps, Step{Stage: stage, At: d.Now().Sub(d.Began), Conversation: at, What: what})
	d.running = true
	d.emit()
}

func (d *delivery) end(state State, detail string) {
	if !d.running {
		return
	}
	d.running = false
	s := &d.Steps[len(d.Steps)-1]
	s.State, s.Took, s.Detail = state, d.Now().Sub(d.Began)-s.At, detail
	d.emit()
}

func (d *delivery) emit() {
	if d.Emit != nil {
		s := d.Steps[len(d.Steps)-1]
		d.Emit(Event{Step: s, Conversation: s.Conversation})
	}
}

// set gives all members of a group the same result.
func (d *delivery) set(g group, r Result) {
	d.last = r
	for _, i := range g.members {
		r.Address = d.To[i]
		d.Recipients[i] = r
	}
}

func (d *delivery) all(r Result) {
	everybody := group{}
	for i := range d.To {
		everybody.members = append(everybody.members, i)
	}
	d.set(everybody, r)
}

// judge reads from a conversation what became of each member of a group.
func (d *delivery) judge(g group, index int) {
	c := d.Conversations[index]
	d.set(g, resultOf(c, index))
	if c.Mail == nil {
		return
	}
	for n, i := range g.members {
		if n < len(c.Mail.Recipients) {
			r := recipientOf(c, c.Mail.Recipients[n], d.probe)
			r.Address, r.Conversation = d.To[i], index
			d.Recipients[i] = r
		}
	}
}

// resultOf is what a conversation means for everybody who was not named in it.
func resultOf(c Conversation, index int) Result {
	r := Result{Stage: c.Stage, Trouble: c.Trouble, Detail: c.Detail, Conversation: index}
	if c.Trouble == BadReply {
		r.Reply, r.Outcome = c.Reply, outcomeOf(c.Reply)
	}
	return r
}

// recipientOf is what a conversation means for one who was named.
func recipientOf(c Conversation, a Answer, probe bool) Result {
	m := c.Mail
	switch {
	case a.Reply.Code/100 != 2:
		return Result{Outcome: outcomeOf(a.Reply), Stage: Recipient, Trouble: BadReply, Reply: a.Reply, Detail: fmt.Sprintf("the answer to the recipient is %s", a.Reply)}
	case probe:
		return Result{Outcome: Willing, Stage: Done, Reply: a.Reply}
	case m.Finished && m.End.Code/100 == 2:
		return Result{Outcome: Accepted, Stage: Done, Reply: m.End}
	}
	r := resultOf(c, 0)
	if m.Finished && r.Outcome == NotSent {
		r.Outcome = Unsure
	}
	return r
}

// outcomeOf reads the first digit of a refusal. Anything else is neither yes nor
// no.
func outcomeOf(r Reply) Outcome {
	switch r.Code / 100 {
	case 4:
		return Deferred
	case 5:
		return Rejected
	}
	return NotSent
}

// conclude says what became of the whole.
func (d *delivery) conclude() {
	decides := d.last
	if len(d.Recipients) > 0 {
		decides = d.Recipients[0]
	}
	good := func(r Result) bool { return r.Outcome == Accepted || r.Outcome == Willing }
	some, bad := false, -1
	for i, r := range d.Recipients {
		some = some || r.Outcome == Accepted
		if !good(r) && (bad < 0 || r.Outcome == Unsure && d.Recipients[bad].Outcome != Unsure) {
			bad = i
		}
	}
	if bad >= 0 {
		decides = d.Recipients[bad]
	}
	d.Outcome, d.Stage, d.Trouble, d.Detail, d.Reply = decides.Outcome, decides.Stage, decides.Trouble, decides.Detail, decides.Reply
	if some && bad >= 0 && decides.Outcome != Unsure {
		d.Outcome = Partly
	}
	if d.Outcome == NotSent && d.Trouble == NoTrouble && d.probe && len(d.Recipients) == 0 {
		d.Outcome = Willing
	}
}
