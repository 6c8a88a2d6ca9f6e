package received

import (
	"clockwise.info/cwmail/checks/dmarc"
	"clockwise.info/cwmail/checks/safe"
)

// JSON is a verdict in the form of the command line's contract. Findings are
// added by who writes it.
type JSON struct {
	Conclusion string     `json:"conclusion"`
	Owner      string     `json:"owner"`
	Next       *string    `json:"next"`
	Client     *string    `json:"client"`
	Inside     *bool      `json:"from_clockwise"`
	SPF        JSONSPF    `json:"spf"`
	DKIM       []JSONDKIM `json:"dkim"`
	DMARC      JSONDMARC  `json:"dmarc"`
	Path       []JSONHop  `json:"path"`
}

// JSONSPF is SPF of a verdict.
type JSONSPF struct {
	Result  string  `json:"result"`
	Domain  *string `json:"domain"`
	Aligned *bool   `json:"aligned"`
}

// JSONDKIM is a signature of a verdict.
type JSONDKIM struct {
	Result   string  `json:"result"`
	Domain   *string `json:"domain"`
	Selector *string `json:"selector"`
	Aligned  *bool   `json:"aligned"`
	Reason   *string `json:"reason"`
	Change   *string `json:"change"`
}

// JSONDMARC is DMARC of a verdict.
type JSONDMARC struct {
	Result      string  `json:"result"`
	Policy      *string `json:"policy"`
	Disposition *string `json:"disposition"`
	Domain      *string `json:"domain"`
	FoundAt     *string `json:"found_at"`
}

// JSONHop is a hop of a verdict.
type JSONHop struct {
	From  *string  `json:"from"`
	By    *string  `json:"by"`
	IP    *string  `json:"ip"`
	With  *string  `json:"with"`
	TLS   bool     `json:"tls"`
	Delay *float64 `json:"delay_s"`
}

// JSON is the verdict for the contract's document.
func (v Verdict) JSON() JSON {
	out := JSON{
		Conclusion: safe.UTF8(v.Conclusion), Owner: string(v.Owner), Next: text(v.Next),
		SPF: JSONSPF{v.SPF.Result, text(v.SPF.Domain), truth(v.SPF.Aligned)}, DKIM: []JSONDKIM{},
		DMARC: JSONDMARC{Result: v.DMARC.Result, Policy: text(string(v.DMARC.Policy)), Disposition: text(string(v.DMARC.Disposition)), Domain: text(v.DMARC.Domain), FoundAt: text(v.DMARC.FoundAt)},
		Path:  []JSONHop{},
	}
	if !v.DMARC.Known {
		out.DMARC.Policy, out.DMARC.Disposition = text("unknown"), text("unknown")
	}
	if v.Envelope.Client.IsValid() {
		out.Client, out.Inside = text(v.Envelope.Client.String()), &v.Envelope.Inside
	}
	for _, d := range v.DKIM {
		out.DKIM = append(out.DKIM, JSONDKIM{d.Result, text(d.Domain), text(d.Selector), truth(d.Aligned), text(d.Reason), text(d.Change)})
	}
	for i, h := range v.Hops {
		x := JSONHop{From: text(h.From), By: text(h.By), With: text(h.With), TLS: h.TLS}
		if h.IP.IsValid() {
			x.IP = text(h.IP.String())
		}
		if i+1 < len(v.Hops) && !h.At.IsZero() && !v.Hops[i+1].At.IsZero() {
			s := h.Delay.Seconds()
			x.Delay = &s
		}
		out.Path = append(out.Path, x)
	}
	return out
}

func text(s string) *string {
	if s == "" {
		return nil
	}
	s = safe.UTF8(s)
	return &s
}

func truth(t dmarc.Truth) *bool {
	if t == dmarc.Unknown {
		return nil
	}
	yes := t == dmarc.Yes
	return &yes
}
