package checks

import (
	"context"
	"net/netip"
	"strings"
	"sync"
	"time"

	"clockwise.info/cwmail/checks/address"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/spf"
)

// NetworkOptions says what is looked at besides the addresses.
type NetworkOptions struct {
	Domains []string // whose SPF is evaluated for each address
	Lists   []string // block lists that are asked
	Account string   // of ClockWise: where <account>.clockwise.info is; "" is not asked
}

// NetworkReport is what is known about the addresses of the service's network.
type NetworkReport struct {
	Network netip.Prefix
	Started time.Time
	Took    time.Duration
	Queries int // different DNS questions asked

	Addresses []address.Address
	Lists     []address.List
	Domains   []string     // as asked
	SPF       []spf.Result // one for each domain
	Instance  address.Instance

	Verdict  Verdict
	Findings []finding.Finding // ordered: what to do first stands first
	Answers  []dns.Answer
}

// Network looks at the addresses that the service sends from. It always returns
// a report: what could not be looked at, also because ctx ended, is unknown in
// it.
func (e *Examiner) Network(ctx context.Context, o NetworkOptions) NetworkReport {
	r := NetworkReport{Network: e.Service.Network.Masked(), Started: e.Now(), Domains: o.Domains, SPF: make([]spf.Result, len(o.Domains))}
	ask := dns.NewSteadyRecorder(e.Resolver)
	relays := e.Service.Relays()
	var found address.Result
	var wg sync.WaitGroup
	wg.Go(func() { found = address.Lookup(ctx, ask, relays, address.Options{Lists: o.Lists}) })
	slots := make(chan struct{}, maxDomainsAtOnce)
	for i, domain := range o.Domains {
		slots <- struct{}{}
		wg.Go(func() {
			r.SPF[i] = spf.Lookup(ctx, ask, domain, relays, spf.Options{Now: e.Now()})
			<-slots
		})
	}
	if o.Account != "" {
		r.Instance.Name = strings.ToLower(o.Account) + "." + e.Service.Domain
		wg.Go(func() { r.Instance.A = ask.Lookup(ctx, dns.Ask(r.Instance.Name, dns.TypeA)) })
		wg.Go(func() { r.Instance.AAAA = ask.Lookup(ctx, dns.Ask(r.Instance.Name, dns.TypeAAAA)) })
	}
	wg.Wait()
	r.Addresses, r.Lists = found.Addresses, found.Lists
	r.Findings = r.judge()
	r.Verdict = overall(r.Findings)
	r.Answers, r.Queries = ask.Answers(), ask.Queries()
	r.Took = e.Now().Sub(r.Started)
	return r
}

// maxDomainsAtOnce bounds the records that are read side by side.
const maxDomainsAtOnce = 16

// sixes are SPF's worst results for addresses of IPv6.
func (r NetworkReport) sixes() map[netip.Addr]string {
	out := map[netip.Addr]string{}
	for _, res := range r.SPF {
		for _, o := range res.Outcomes {
			if ip := o.Client.IP; ip.Is6() && (out[ip] == "" || out[ip] == spf.Pass) {
				out[ip] = o.Result
			}
		}
	}
	return out
}

// SPFFor is the result of SPF of the i-th domain for an address; "unknown" where
// it was not evaluated.
func (r NetworkReport) SPFFor(i int, addr netip.Addr) string {
	for _, o := range r.SPF[i].Outcomes {
		if o.Client.IP == addr {
			return known(o.Result)
		}
	}
	return string(VerdictUnknown)
}

// SPFVerdict is what a result of SPF means for mail of a relay address.
func SPFVerdict(result string) Verdict {
	switch result {
	case spf.Pass:
		return VerdictOK
	case spf.TempError, string(VerdictUnknown), "":
		return VerdictUnknown
	}
	return VerdictFailure
}

// NetworkRow is one address in short.
type NetworkRow struct {
	Addr  netip.Addr
	Hosts []string // its names
	Back  address.Confirmation
	Names Verdict // on Hosts and Back

	On     []string // block lists that have it
	Asked  int      // lists that are asked about such an address
	Unsaid int      // those of them that did not say
	Listed Verdict  // on these; unknown where nobody was asked
}

// Rows are the addresses in order.
func (r NetworkReport) Rows() []NetworkRow {
	skip := map[string]bool{}
	for _, l := range r.Lists {
		skip[l.Name] = skip[l.Name] || l.Health == address.Closed
	}
	var out []NetworkRow
	for _, a := range r.Addresses {
		row := NetworkRow{Addr: a.Addr, Hosts: a.Hosts(), Back: a.Confirmation(), On: a.On(), Names: nameVerdicts[a.Confirmation()]}
		for _, l := range a.Listings {
			if !skip[l.List] {
				row.Asked++
			}
			if !skip[l.List] && l.State == address.Unsaid {
				row.Unsaid++
			}
		}
		switch {
		case len(row.On) > 0:
			row.Listed = VerdictWarning
		case row.Asked == 0, row.Unsaid > 0:
			row.Listed = VerdictUnknown
		default:
			row.Listed = VerdictOK
		}
		out = append(out, row)
	}
	return out
}

// nameVerdicts are as severe as the findings of the same outcome.
var nameVerdicts = map[address.Confirmation]Verdict{
	address.NotLooked: VerdictUnknown, address.NotKnown: VerdictUnknown,
	address.Confirmed: VerdictOK, address.NotConfirmed: VerdictFailure, address.NoName: VerdictFailure,
}

// Concerns lists what is to be said of one address, with the evidence on it
// alone; what to do first stands first.
func (r NetworkReport) Concerns(addr netip.Addr) []finding.Finding {
	one := r
	one.Addresses = nil
	for _, a := range r.Addresses {
		if a.Addr == addr {
			one.Addresses = append(one.Addresses, a)
		}
	}
	one.Instance = address.Instance{} // not about an address of the network
	one.Network = netip.PrefixFrom(addr, addr.BitLen())
	return open(one.judge())
}

// judge makes the findings. It asks nothing.
func (r NetworkReport) judge() []finding.Finding {
	all := address.Findings(address.Input{
		Result:  address.Result{Addresses: r.Addresses, Lists: r.Lists},
		Subject: r.Network.String(), Network: r.Network, Instance: r.Instance, SPF: r.sixes(),
	})
	finding.Silence(all)
	finding.Sort(all, ruleOrder())
	return all
}

// open lists the findings that are not silenced.
func open(all []finding.Finding) []finding.Finding { return Report{Findings: all}.Open() }

// Failed says whether mail of an address of the network is refused somewhere:
// a failure was found, or SPF of a domain does not pass.
func (r NetworkReport) Failed() bool { return r.is(VerdictFailure) }

// Unsure says that something could not be looked up.
func (r NetworkReport) Unsure() bool { return r.is(VerdictUnknown) }

func (r NetworkReport) is(v Verdict) bool {
	if r.Verdict == v {
		return true
	}
	for i := range r.SPF {
		for _, a := range r.Addresses {
			if SPFVerdict(r.SPFFor(i, a.Addr)) == v {
				return true
			}
		}
	}
	return false
}
