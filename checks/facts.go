package checks

import (
	"encoding/json"

	"clockwise.info/cwmail/checks/dane"
	"clockwise.info/cwmail/checks/dkim"
	"clockwise.info/cwmail/checks/dmarc"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/mtasts"
	"clockwise.info/cwmail/checks/mx"
	"clockwise.info/cwmail/checks/provider"
	"clockwise.info/cwmail/checks/relay"
	"clockwise.info/cwmail/checks/safe"
	"clockwise.info/cwmail/checks/spf"
	"clockwise.info/cwmail/checks/tlsrpt"
	"clockwise.info/cwmail/checks/zone"
)

// Facts are what the findings rest on; nil where it was not looked at.
type Facts struct {
	SPF   *spf.Result
	DKIM  *dkim.Result
	DMARC *dmarc.Result
	MX    *mx.Result
	Zone  *zone.Result
	Relay *relay.Result

	MTASTS *mtasts.Result
	DANE   *dane.Input
	TLSRPT *tlsrpt.Result

	Receivers []relay.Result // the first mail servers of the domain, where they were greeted

	Provider *provider.Detection // who runs the DNS of the domain's zone

	Signature       string // what a verifier would say of this target's signature
	SignatureReason string
}

func (w *work) facts() Facts {
	return Facts{
		SPF: &w.spf, DKIM: w.dkim, DMARC: &w.dmarc, MX: &w.mx, Zone: &w.zone, Relay: w.relay, Receivers: w.greeted,
		MTASTS: &w.mtasts, DANE: new(w.daneInput()), TLSRPT: &w.tlsrpt,
		Provider:  runner(w.zone),
		Signature: w.signed, SignatureReason: w.whySigned,
	}
}

// MarshalJSON writes the facts of the contract: records and counts, not every
// answer behind them.
func (f Facts) MarshalJSON() ([]byte, error) {
	out := map[string]any{"spf": nil, "dkim": nil, "dmarc": nil, "mx": nil, "provider": nil, "mtasts": nil, "dane": nil, "tlsrpt": nil}
	if f.SPF != nil {
		out["spf"] = spfFacts(*f.SPF)
	}
	if f.DKIM != nil {
		out["dkim"] = map[string]any{
			"name": safe.UTF8(f.DKIM.Name), "records": published(f.DKIM.Answer),
			"signature": f.Signature, "reason": safe.UTF8(f.SignatureReason),
		}
	}
	if f.DMARC != nil {
		out["dmarc"] = dmarcFacts(*f.DMARC)
	}
	if f.MX != nil {
		out["mx"] = mxFacts(*f.MX)
	}
	if f.Provider != nil {
		out["provider"] = providerFacts(*f.Provider)
	}
	if f.MTASTS != nil && f.MTASTS.Answer.Question.Name != "" {
		out["mtasts"] = mtastsFacts(*f.MTASTS)
	}
	if f.DANE != nil && f.DANE.Result.Hosts != nil {
		out["dane"] = daneFacts(*f.DANE)
	}
	if f.TLSRPT != nil && f.TLSRPT.Answer.Question.Name != "" {
		out["tlsrpt"] = tlsrptFacts(*f.TLSRPT)
	}
	if all := receiverFacts(f.Receivers); all != nil {
		out["receivers"] = all
	}
	return json.Marshal(out)
}

// runner is who runs a zone's DNS; nil where its name servers are not known.
func runner(z zone.Result) *provider.Detection {
	if len(z.Servers) == 0 {
		return nil
	}
	var names []string
	for _, s := range z.Servers {
		names = append(names, s.Name)
	}
	d := provider.Detect(names)
	return &d
}

// providerFacts is nil for name servers of nobody that is known. Where they
// belong to several, none of them is the provider.
func providerFacts(d provider.Detection) any {
	if !d.Known() {
		return nil
	}
	out := map[string]any{
		"id": nil, "name": d.Name(), "certainty": d.Certainty(), "entry": provider.Unsure, "wholesale": false, "servers": texts(d.Servers),
	}
	if len(d.Providers) == 1 {
		p := d.Providers[0]
		out["id"], out["entry"], out["wholesale"] = p.ID, p.Entry, p.Wholesale
	}
	return out
}

func spfFacts(r spf.Result) map[string]any {
	out := map[string]any{"domain": r.Domain, "record": nil, "lookups": nil, "void_lookups": nil}
	if r.Tree != nil {
		out["record"] = safe.UTF8(r.Tree.Record.Text)
	}
	if r.Counted() {
		out["lookups"], out["void_lookups"] = r.Lookups, r.VoidLookups
	}
	return out
}

func dmarcFacts(r dmarc.Result) map[string]any {
	out := map[string]any{"found_at": nil, "record": nil, "policy": "unknown", "org_domain": nil, "psl_org_domain": r.PSL.OrgDomain}
	if r.Record != nil {
		out["found_at"], out["record"] = r.FoundAt, safe.UTF8(r.Record.Text)
	}
	switch {
	case r.Known && r.Policy == dmarc.NoPolicy:
		out["policy"] = nil // no policy applies
	case r.Known:
		out["policy"] = r.Policy
	}
	if r.OrgKnown {
		out["org_domain"] = r.OrgDomain
	}
	return out
}

// mxFacts is nil where it is not known who takes the mail.
func mxFacts(r mx.Result) []map[string]any {
	if r.Answer.Status == dns.Failed {
		return nil
	}
	out := []map[string]any{}
	for _, t := range r.Targets {
		out = append(out, map[string]any{"preference": t.Pref, "host": safe.UTF8(t.Host)})
	}
	return out
}

// published are the texts of an answer; nil where there was none.
func published(a dns.Answer) []string {
	if a.Status == dns.Failed {
		return nil
	}
	return texts(a.Texts())
}

// texts makes raw octets printable as JSON strings; never nil.
func texts(raw []string) []string {
	out := make([]string, len(raw))
	for i, s := range raw {
		out[i] = safe.UTF8(s)
	}
	return out
}
