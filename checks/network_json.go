package checks

import (
	"io"
	"net/netip"
	"slices"

	"clockwise.info/cwmail/checks/address"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/safe"
)

type jsonNetwork struct {
	Network   string            `json:"network"`
	Addresses []jsonNetworkLine `json:"addresses"`
	Lists     []jsonList        `json:"lists"`
	Instance  *jsonInstance     `json:"instance"`
	Contains  []jsonPasted      `json:"contains"`
	Verdict   Verdict           `json:"verdict,omitempty"`
	TookMS    int64             `json:"took_ms"`
	Queries   int               `json:"queries"`
	Findings  []JSONFinding     `json:"findings"`
}

type jsonNetworkLine struct {
	IP        string            `json:"ip"`
	PTR       []string          `json:"ptr"`
	Confirmed *bool             `json:"confirmed"` // null: not known
	Listed    []string          `json:"listed"`
	Unsaid    []string          `json:"lists_unknown"` // did not say
	SPF       map[string]string `json:"spf"`
}

type jsonList struct {
	Name   string  `json:"name"`
	IPv6   bool    `json:"ipv6"`
	Health string  `json:"health"`
	Why    *string `json:"why"`
}

type jsonInstance struct {
	Name      string   `json:"name"`
	Addresses []string `json:"addresses"`
	Inside    *bool    `json:"inside"` // null: there is no address, or it could not be looked up
}

type jsonPasted struct {
	Text   string  `json:"text"`
	From   *string `json:"from"`
	To     *string `json:"to"`
	Inside bool    `json:"inside"`
	Why    *string `json:"why"`
}

// WriteNetworkJSON writes what is known about the addresses of a network.
func WriteNetworkJSON(w io.Writer, r NetworkReport) error {
	doc := jsonNetwork{
		Network: r.Network.String(), Addresses: []jsonNetworkLine{}, Lists: []jsonList{}, Contains: []jsonPasted{},
		Verdict: r.Verdict, TookMS: r.Took.Milliseconds(), Queries: r.Queries, Findings: FindingsJSON(r.Findings),
	}
	for _, a := range r.Addresses {
		doc.Addresses = append(doc.Addresses, r.lineJSON(a))
	}
	for _, l := range r.Lists {
		doc.Lists = append(doc.Lists, jsonList{safe.UTF8(l.Name), l.IPv6, l.Health.String(), textOrNull(safe.UTF8(l.Why))})
	}
	if i := r.Instance; i.Name != "" {
		doc.Instance = &jsonInstance{Name: safe.UTF8(i.Name), Addresses: []string{}}
		for _, rec := range slices.Concat(i.A.Records, i.AAAA.Records) {
			doc.Instance.Addresses = append(doc.Instance.Addresses, rec.Addr.String())
		}
		outside := len(i.Outside(r.Network)) > 0
		if failed := i.A.Status == dns.Failed || i.AAAA.Status == dns.Failed; outside || len(doc.Instance.Addresses) > 0 && !failed {
			inside := !outside
			doc.Instance.Inside = &inside
		}
	}
	return writeJSON(w, doc)
}

func (r NetworkReport) lineJSON(a address.Address) jsonNetworkLine {
	line := jsonNetworkLine{IP: a.Addr.String(), PTR: []string{}, Listed: []string{}, Unsaid: []string{}, SPF: map[string]string{}}
	for _, host := range a.Hosts() {
		line.PTR = append(line.PTR, safe.UTF8(host))
	}
	switch a.Confirmation() {
	case address.Confirmed:
		yes := true
		line.Confirmed = &yes
	case address.NotConfirmed, address.NoName:
		no := false
		line.Confirmed = &no
	}
	for _, l := range a.Listings {
		switch l.State {
		case address.Listed:
			line.Listed = append(line.Listed, safe.UTF8(l.List))
		case address.Unsaid:
			line.Unsaid = append(line.Unsaid, safe.UTF8(l.List))
		}
	}
	for i, domain := range r.Domains {
		line.SPF[safe.UTF8(domain)] = r.SPFFor(i, a.Addr)
	}
	return line
}

// WritePastedJSON writes which addresses belong to a network.
func WritePastedJSON(w io.Writer, network netip.Prefix, all []Pasted) error {
	doc := jsonNetwork{
		Network: network.Masked().String(), Addresses: []jsonNetworkLine{}, Lists: []jsonList{}, Contains: []jsonPasted{}, Findings: []JSONFinding{},
	}
	for _, p := range all {
		line := jsonPasted{Text: safe.UTF8(p.Text), Inside: p.Inside, Why: textOrNull(p.Why)}
		if p.From.IsValid() {
			line.From, line.To = ipText(p.From), ipText(p.To)
		}
		doc.Contains = append(doc.Contains, line)
	}
	return writeJSON(w, doc)
}

func writeJSON(w io.Writer, doc any) error {
	out, err := safe.JSON(doc, "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(out)
	return err
}
