package checks

import (
	"clockwise.info/cwmail/checks/dane"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/mtasts"
	"clockwise.info/cwmail/checks/safe"
	"clockwise.info/cwmail/checks/tlsrpt"
)

// recordsOf are texts that were meant as records; nil where they are not known.
func recordsOf(a dns.Answer, meant []string) any {
	if a.Status == dns.Failed {
		return nil
	}
	return texts(meant)
}

// mtastsFacts has no policy where none was fetched.
func mtastsFacts(r mtasts.Result) map[string]any {
	out := map[string]any{"name": safe.UTF8(r.Answer.Question.Name), "records": recordsOf(r.Answer, r.Texts), "policy": nil}
	if !r.Served() {
		return out
	}
	policy := map[string]any{"mode": nil, "mx": texts(r.Policy.MX), "max_age": nil}
	if r.Policy.Mode != "" {
		policy["mode"] = r.Policy.Mode
	}
	if r.Policy.MaxAgeFault == "" {
		policy["max_age"] = r.Policy.MaxAge
	}
	out["policy"] = policy
	return out
}

// daneFacts has for each mail server its TLSA records, and whether they are
// validated; null where that is not known.
func daneFacts(in dane.Input) []map[string]any {
	out := []map[string]any{}
	for _, p := range in.Result.Hosts {
		var records any
		// Of a host whose address was not found it is not known what it is an alias of.
		if known := p.Records(); len(known) > 0 || !p.Failed() && in.Resolved[dns.Ask(p.Name, 0).Name] {
			list := make([]string, len(known))
			for i, t := range known {
				list[i] = safe.UTF8(t.Text)
			}
			records = list
		}
		out = append(out, map[string]any{"host": safe.UTF8(p.Name), "records": records, "dnssec": yesOrNo(in.DNSSEC(p))})
	}
	return out
}

func yesOrNo(f dane.Fact) any {
	if f == dane.NotKnown {
		return nil
	}
	return f == dane.Yes
}

func tlsrptFacts(r tlsrpt.Result) map[string]any {
	return map[string]any{"name": safe.UTF8(r.Answer.Question.Name), "records": recordsOf(r.Answer, r.Texts)}
}
