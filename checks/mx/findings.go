package mx

import (
	"fmt"
	"slices"
	"strings"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
)

// Input is what Findings judges.
type Input struct {
	Result Result
	Used   bool // the domain stands in From, MAIL FROM or Reply-To of the mail
	Views  dns.Views
}

// maxHosts is the number of hosts that SPF's mx looks at (RFC 7208 section 4.6.4).
const maxHosts = 10

type judge struct {
	Input
	out []finding.Finding
}

// Findings judges a result. It asks nothing.
func Findings(in Input) []finding.Finding {
	j := &judge{Input: in}
	j.views()
	switch r := in.Result; {
	case r.Answer.Status == dns.Failed:
		j.raise(unreadableRule, r.Answer, nil, r.Answer.Reason(), r.Domain)
	case len(r.Targets) == 0:
		j.absent()
	default:
		j.null()
		j.targets()
		j.reach()
		j.set()
	}
	return j.out
}

// raise adds a finding. The first argument of the texts is the domain.
func (j *judge) raise(rule *finding.Rule, a dns.Answer, fix *finding.Fix, args ...string) *finding.Finding {
	j.out = append(j.out, finding.Finding{
		Rule: rule, Subject: j.Result.Domain, Fix: fix,
		Args: append([]string{j.Result.Domain}, args...), Evidence: evidence(a),
	})
	return &j.out[len(j.out)-1]
}

// evidence is nothing for a question that was not asked.
func evidence(a dns.Answer) []finding.Evidence {
	if a.Question.Name == "" {
		return nil
	}
	return []finding.Evidence{{Server: a.Server, Name: a.Question.Name, Type: a.Question.Type.String(), Answer: a.Text(), At: a.At}}
}

// absent judges a domain without MX records.
func (j *judge) absent() {
	r := j.Result
	switch {
	case !j.Used && (r.Own.Found() || r.Own.Absent()): // nobody answers to it
	case r.Own.Found():
		var at []string
		for _, rec := range append(slices.Clone(r.Own.A.Records), r.Own.AAAA.Records...) {
			at = append(at, rec.Addr.String())
		}
		f := j.raise(missingRule, r.Answer, nil, strings.Join(at, ", "))
		f.Evidence = append(f.Evidence, append(evidence(r.Own.A), evidence(r.Own.AAAA)...)...)
	case r.Own.Absent():
		f := j.raise(missingAndNoAddressRule, r.Answer, nil)
		f.Evidence = append(f.Evidence, append(evidence(r.Own.A), evidence(r.Own.AAAA)...)...)
	default:
		a := failed(r.Own)
		j.raise(unreadableRule, a, nil, a.Reason(), r.Domain)
	}
}

// failed returns the answer that keeps the addresses in the dark.
func failed(a Addresses) dns.Answer {
	if a.A.Status == dns.Failed {
		return a.A
	}
	return a.AAAA
}

// null judges "0 ." (RFC 7505).
func (j *judge) null() {
	r := j.Result
	for _, t := range r.Targets {
		switch {
		case !t.Null():
		case len(r.Targets) > 1:
			j.raise(nullWithOthersRule, r.Answer, j.fix("Remove this MX record.", t, ""), t.value())
		case j.Used:
			j.raise(nullSenderRule, r.Answer, nil)
		default:
			j.raise(nullRule, r.Answer, nil)
		}
		if t.Null() && t.Pref != 0 && len(r.Targets) == 1 {
			right := t
			right.Pref = 0
			j.raise(nullPreferenceRule, r.Answer, j.fix("Write 0 as the preference.", t, right.value()), t.value())
		}
	}
}

// value is the record as people enter it.
func (t Target) value() string {
	if t.Null() {
		return fmt.Sprintf("%d .", t.Pref)
	}
	return fmt.Sprintf("%d %s", t.Pref, t.Host)
}

// fix replaces the record of a target by value; it removes it where value is
// empty or stands there already.
func (j *judge) fix(summary string, t Target, value string) *finding.Fix {
	old := t.value()
	rec := finding.Record{Name: j.Result.Domain, Type: "MX", Value: value, Replaces: &old}
	if _, host, _ := strings.Cut(value, " "); value == "" || host != "." && j.has(host) {
		rec.Value, rec.Remove = "", true
	}
	return &finding.Fix{Summary: summary, Records: []finding.Record{rec}}
}

func (j *judge) has(host string) bool {
	return slices.ContainsFunc(j.Result.Targets, func(t Target) bool { return normal(t.Host) == normal(host) })
}

// rename is the fix that puts another host into a record, if that host has an
// address.
func (j *judge) rename(t Target, host string, known Addresses) *finding.Fix {
	if host == "" || !known.Found() {
		return nil
	}
	return j.fix("Name "+host+" in the MX record.", t, fmt.Sprintf("%d %s", t.Pref, host))
}

// targets judges each host.
func (j *judge) targets() {
	r := j.Result
	usable := slices.ContainsFunc(asked(r.Targets), func(t Target) bool { return t.Addresses.Found() })
	dark := slices.ContainsFunc(asked(r.Targets), func(t Target) bool { return t.unknown() })
	var dead []string
	for _, t := range asked(r.Targets) {
		if t.Null() {
			continue
		}
		var f *finding.Finding
		switch {
		case t.Malformed != "":
			f = j.raise(targetMalformedRule, r.Answer, j.rename(t, t.Meant, t.MeantAddresses), t.Host, t.Malformed)
		case doubled(t.Host, r.Domain) != "":
			f = j.raise(targetDoubledRule, r.Answer, j.rename(t, t.Meant, t.MeantAddresses), t.Host, t.Meant)
		case placeholderPattern().MatchString(normal(t.Host)):
			f = j.raise(microsoftPlaceholderRule, r.Answer, j.fix("Remove this MX record.", t, ""), t.Host)
		case t.unknown():
			a := failed(t.Addresses)
			f = j.raise(unreadableRule, a, nil, a.Reason(), t.Host)
		case t.Addresses.Alias() != "" && t.Addresses.Found():
			alias := t.Addresses.Alias()
			f = j.raise(targetIsCNAMERule, t.Addresses.A, j.rename(t, alias, t.Addresses), t.Host, alias)
		case t.Addresses.Absent() && usable:
			f = j.raise(targetWithoutAddressRule, t.Addresses.A, j.fix("Remove this MX record, if the host is no longer used.", t, ""), t.Host)
			f.Evidence = append(f.Evidence, evidence(t.Addresses.AAAA)...)
		}
		if f != nil {
			f.Object = t.Host
		}
		if !t.Addresses.Found() {
			dead = append(dead, t.Host)
		}
	}
	if len(dead) > 0 && !usable && !dark {
		f := j.raise(noUsableTargetRule, r.Answer, nil, strings.Join(dead, ", "))
		for _, t := range asked(r.Targets) {
			f.Evidence = append(f.Evidence, append(evidence(t.Addresses.A), evidence(t.Addresses.AAAA)...)...)
		}
	}
}

// unknown says that the host could not be looked up.
func (t Target) unknown() bool {
	return !t.Null() && t.Malformed == "" && !t.Addresses.Found() && !t.Addresses.Absent()
}

// set judges the records together.
func (j *judge) set() {
	r := j.Result
	seen := map[string]bool{}
	for _, t := range asked(r.Targets) {
		if host := normal(t.Host); seen[host] && host != "" {
			j.raise(hostDuplicateRule, r.Answer, nil, host).Object = t.Host
		} else {
			seen[host] = true
		}
	}
	if len(r.Targets) > maxHosts {
		j.raise(tooManyHostsRule, r.Answer, nil, fmt.Sprint(len(r.Targets)))
	}
	j.providers()
	if hosts := r.Microsoft(); len(hosts) > 0 {
		j.raise(microsoftEndpointRule, r.Answer, nil, strings.Join(hosts, ", "))
	}
}

// providers finds what is left of a move. The provider with the most preferred
// record stays; at equal preference Microsoft 365 does, else the first by name.
func (j *judge) providers() {
	best := map[string]uint16{}
	for _, t := range j.Result.Targets {
		if p := providerOf(t.Host); p != "" {
			if pref, ok := best[p]; !ok || t.Pref < pref {
				best[p] = t.Pref
			}
		}
	}
	if len(best) < 2 {
		return
	}
	names := make([]string, 0, len(best))
	for p := range best {
		names = append(names, p)
	}
	slices.SortFunc(names, func(a, b string) int {
		switch {
		case best[a] != best[b]:
			return int(best[a]) - int(best[b])
		case a == "Microsoft 365":
			return -1
		case b == "Microsoft 365":
			return 1
		}
		return strings.Compare(a, b)
	})
	fix := &finding.Fix{Summary: "If the mailboxes are at " + names[0] + ", remove the records of the others; else the other way round."}
	for _, t := range j.Result.Targets {
		if p := providerOf(t.Host); p != "" && p != names[0] {
			fix.Records = append(fix.Records, j.fix("", t, "").Records...)
		}
	}
	j.raise(mixedProvidersRule, j.Result.Answer, fix, strings.Join(names, " and "))
}

// views compares the answers of the authoritative servers.
func (j *judge) views() {
	var first *dns.Answer
	for i, a := range j.Views.Authoritative {
		switch {
		case a.Status == dns.Failed:
		case first == nil:
			first = &j.Views.Authoritative[i]
		case !slices.Equal(values(*first), values(a)):
			f := j.raise(serversDisagreeRule, *first, nil, a.Server+" differs from "+first.Server)
			f.Evidence = append(f.Evidence, evidence(a)...)
			return
		}
	}
}

func values(a dns.Answer) []string {
	var out []string
	for _, r := range a.Records {
		out = append(out, fmt.Sprintf("%d %s", r.Pref, normal(r.Host)))
	}
	slices.Sort(out)
	return out
}
