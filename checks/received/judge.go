package received

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"clockwise.info/cwmail/checks/dkim"
	"clockwise.info/cwmail/checks/dmarc"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/spf"
	"clockwise.info/cwmail/transports"
)

// Input is what Judge judges.
type Input struct {
	Message  Message
	Client   netip.Addr // who connected; invalid: what the message says
	HELO     string     // "" : what the message says
	MailFrom string     // without angle brackets

	// Given means that MailFrom is known, also where it is empty, as in a bounce.
	Given bool

	// Live means that the message came over this connection: all of the above
	// is known, and the message is whole.
	Live bool

	Service transports.Service
	Now     time.Time
}

// Envelope is who sent the message, and in whose name.
type Envelope struct {
	Client   netip.Addr // invalid where it is not known
	HELO     string
	MailFrom string
	Known    bool // MAIL FROM is known, also where it is empty
	Inside   bool // the client is one of ClockWise's addresses
}

// SPF is the result for the envelope; "unknown" where it could not be judged.
type SPF struct {
	Result, Domain string
	Aligned        dmarc.Truth
}

// DKIM is the result of one signature; "unknown" where it could not be checked.
type DKIM struct {
	Result, Domain, Selector string
	Aligned                  dmarc.Truth
	Reason                   string // why it did not pass
	Change                   string // which change on the way explains it
}

// DMARC is the result by RFC 9989.
type DMARC struct {
	Result      string
	Policy      dmarc.Policy // that applies, whether the message passes or not
	Disposition dmarc.Policy
	Domain      string // in From
	FoundAt     string
	Known       bool // whether the policy is known
}

// Verdict is what there is to say about a message.
type Verdict struct {
	From     string // its domain
	Envelope Envelope
	SPF      SPF
	DKIM     []DKIM
	DMARC    DMARC
	Hops     []Hop
	Results  []Results // Authentication-Results from the top
	Findings []finding.Finding

	Conclusion string
	Owner      finding.Owner // who must act
	Next       string        // one next step; "" where nothing is to be done
}

// Judge judges a message as a receiver would.
func Judge(ctx context.Context, r dns.Resolver, in Input) Verdict {
	j := &judge{Input: in, v: Verdict{Hops: in.Message.Hops()}}
	results := in.Message.Values("Authentication-Results")
	for _, s := range results[:min(maxHops, len(results))] {
		j.v.Results = append(j.v.Results, ParseResults(s))
	}
	j.forefront = ParseForefront(in.Message.first("X-Forefront-Antispam-Report"))
	j.from, j.fromOK = mailboxes(in.Message.first("From"))
	j.envelope()
	j.checkSPF(ctx, r)
	j.checkDKIM(ctx, r)
	j.checkDMARC(ctx, r)
	j.judgeMessage()
	j.judgeMicrosoft()
	finding.Silence(j.v.Findings)
	finding.Sort(j.v.Findings, finding.Order(slices.Concat(spf.Rules(), Rules(), dkim.Rules(), dmarc.Rules())))
	j.conclude()
	return j.v
}

type judge struct {
	Input
	v         Verdict
	forefront Forefront
	from      []mailbox
	fromOK    bool
	verified  []dkim.Verification
	auth      dmarc.Auth
}

func (j *judge) envelope() {
	e := &j.v.Envelope
	*e = Envelope{Client: j.Client, HELO: j.HELO, MailFrom: j.MailFrom, Known: j.Given || j.Live}
	if !j.Live {
		if !e.Client.IsValid() {
			hop := j.hop()
			e.Client = hop.IP
			if e.HELO == "" {
				e.HELO = hop.From
			}
		}
		if s := j.Message.Values("Return-Path"); !e.Known && len(s) > 0 {
			e.MailFrom, e.Known = strings.Trim(s[0], "<> \t"), true
		} else if !e.Known && len(j.v.Results) > 0 {
			if m, ok := j.v.Results[0].Method("spf"); ok && m.Props["smtp.mailfrom"] != "" {
				e.MailFrom, e.Known = m.Props["smtp.mailfrom"], true
				if !strings.Contains(e.MailFrom, "@") {
					e.MailFrom = "postmaster@" + e.MailFrom
				}
			}
		}
	}
	e.Inside = e.Client.IsValid() && j.Service.Network.IsValid() && j.Service.Network.Contains(e.Client)
}

// hop is the one into the receiver: that of the address which Microsoft tells,
// else the topmost from an address of the internet that is no step inside one
// organisation.
func (j *judge) hop() Hop {
	cip := j.forefront.client()
	for _, h := range j.v.Hops {
		switch {
		case cip.IsValid() && h.IP == cip:
			return h
		case cip.IsValid() || !public(h.IP):
		case h.From != "" && dmarc.PSLOrgDomain(strings.ToLower(h.From)) == dmarc.PSLOrgDomain(strings.ToLower(h.By)):
		default:
			return h
		}
	}
	return Hop{IP: cip, From: j.forefront["H"]}
}

func (j *judge) checkSPF(ctx context.Context, r dns.Resolver) {
	e := j.v.Envelope
	j.v.SPF.Result = "unknown"
	if !e.Client.IsValid() || !e.Known {
		return
	}
	out := spf.Evaluate(ctx, r, spf.Client{IP: e.Client, MailFrom: e.MailFrom, HELO: e.HELO}, spf.Options{Now: j.Now})
	j.v.SPF.Result, j.v.SPF.Domain = out.Result, out.Domain
	if e.Inside && out.Domain != "" && out.Result != spf.Pass && out.Result != spf.TempError {
		// ClockWise sent it: what its address needs in that record is known.
		expect := spf.Expect{Include: j.Service.SPFInclude, Relays: j.Service.Relays()}
		res := spf.Lookup(ctx, r, out.Domain, expect.Relays, spf.Options{Now: j.Now})
		j.v.Findings = append(j.v.Findings, spf.Findings(spf.Input{Result: res, Expect: expect, Sending: true, Now: j.Now})...)
	}
}

func (j *judge) checkDKIM(ctx context.Context, r dns.Resolver) {
	at := j.Now
	if !j.Live {
		at = time.Time{}
		if len(j.v.Hops) > 0 {
			at = j.v.Hops[0].At
		}
	}
	j.verified = j.Message.Verify(ctx, r, dkim.VerifyOptions{Now: at})
	for _, v := range j.verified {
		d := DKIM{Result: string(v.Result), Domain: v.Domain, Selector: v.Selector, Reason: v.Reason}
		switch v.Cause {
		case dkim.CauseBody, dkim.CauseBoth:
			switch {
			case j.Message.HeaderOnly && !j.Live && v.Cause == dkim.CauseBody:
				d.Result, d.Reason = "unknown", "only the header is here: the signed fields are as they were, the body cannot be checked"
			case j.Message.HeaderOnly && !j.Live:
				d.Result, d.Reason = "unknown", "only the header is here, and it is not as it was signed: copying may have changed it"
			default:
				d.Change = explainBody(j.Message.Body, v.Signature)
			}
		case dkim.CauseHeader:
			d.Change = explainHeader(j.Message.Fields, v)
		case dkim.CauseKeyMissing, dkim.CauseKeyRevoked, dkim.CauseKeyBroken, dkim.CauseKeyOther, dkim.CauseKeyWeak, dkim.CauseKeyName:
			key := dkim.Lookup(ctx, r, v.Domain, v.Selector, dkim.Options{})
			j.v.Findings = append(j.v.Findings, dkim.Findings(dkim.Input{Result: key, Sending: true})...)
		}
		j.v.DKIM = append(j.v.DKIM, d)
	}
}

func (j *judge) checkDMARC(ctx context.Context, r dns.Resolver) {
	d := &j.v.DMARC
	d.Result, d.Known = "none", true
	domains := map[string]bool{}
	for _, f := range j.from {
		domains[f.domain] = true
	}
	switch {
	case len(j.Message.Values("From")) > 1 || len(domains) > 1:
		d.Result = "permerror" // nobody can tell whose policy applies
		return
	case len(j.from) == 0:
		return
	}
	j.v.From = ascii(j.from[0].domain)
	d.Domain = j.v.From
	j.auth = dmarc.Auth{SPF: j.v.SPF.Result, SPFDomain: j.v.SPF.Domain}
	if j.auth.SPF == "unknown" {
		j.auth.SPFDomain = j.v.From // it may have passed for this domain: nobody here can tell
	}
	ids := []string{}
	if j.v.SPF.Domain != "" && j.v.SPF.Result == spf.Pass {
		ids = append(ids, j.v.SPF.Domain)
	}
	for _, s := range j.v.DKIM {
		j.auth.DKIM = append(j.auth.DKIM, dmarc.Signature{Result: s.Result, Domain: s.Domain})
		if s.Domain != "" && (s.Result == "pass" || s.Result == "unknown") {
			ids = append(ids, s.Domain)
		}
	}
	res := dmarc.Lookup(ctx, r, j.v.From, dmarc.Options{Identifiers: ids})
	verdict := res.Verdict(j.auth)
	d.Result, d.Policy, d.Disposition, d.FoundAt, d.Known = verdict.Result, verdict.Policy, verdict.Disposition, res.FoundAt, res.Known
	if d.Result == "unknown" && j.temporary(res) {
		d.Result = "temperror"
	}
	if j.v.SPF.Domain != "" {
		j.v.SPF.Aligned = verdict.SPFAligned
	}
	for i := range min(len(verdict.DKIMAligned), len(j.v.DKIM)) {
		j.v.DKIM[i].Aligned = verdict.DKIMAligned[i]
	}
	j.v.Findings = append(j.v.Findings, dmarc.Findings(dmarc.Input{Result: res, Path: dmarc.NewPath(res, j.auth)})...)
}

// ascii is a domain in A-labels, as DNS has it.
func ascii(domain string) string {
	if a, err := idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false)).ToASCII(domain); err == nil {
		return a
	}
	return domain
}

// temporary says that DNS is to blame for what is not known.
func (j *judge) temporary(res dmarc.Result) bool {
	for _, d := range j.v.DKIM {
		if d.Result == "temperror" {
			return true
		}
	}
	return !res.Known || j.v.SPF.Result == spf.TempError
}
