package dmarc

// Auth is what SPF and DKIM say about one mail, in the words of RFC 8601.
type Auth struct {
	SPF       string // "pass", "fail" …; "unknown" or "" where it could not be told
	SPFDomain string // the domain that SPF authenticated: of MAIL FROM, else of HELO
	DKIM      []Signature
}

// Signature is one DKIM signature.
type Signature struct {
	Result string
	Domain string // d=
}

// Verdict is how a receiver of RFC 9989 judges a mail.
type Verdict struct {
	SPFAligned  Truth   // in the mode of the record
	SPFRelaxed  Truth   // in relaxed mode
	DKIMAligned []Truth // one for each signature
	DKIMRelaxed []Truth

	Result      string // "pass", "fail", "none" where no policy applies, "unknown"
	Policy      Policy // what applies to this mail, whether it passes or not
	Disposition Policy // what the domain asks for this mail: None when it passes
}

// passed reads a result of SPF or DKIM.
func passed(result string) Truth {
	switch result {
	case "pass":
		return Yes
	case "", "unknown", "temperror":
		return Unknown
	}
	return No
}

// Verdict judges a mail by what SPF and DKIM say about it. It asks nothing: the
// domains of a must have been Options.Identifiers.
func (r Result) Verdict(a Auth) Verdict {
	strictSPF, strictDKIM := r.modes()
	v := Verdict{Policy: r.Policy}
	v.SPFRelaxed = r.Aligned(a.SPFDomain, false)
	v.SPFAligned = r.Aligned(a.SPFDomain, strictSPF)
	pass := passed(a.SPF).And(v.SPFAligned)
	for _, s := range a.DKIM {
		v.DKIMRelaxed = append(v.DKIMRelaxed, r.Aligned(s.Domain, false))
		v.DKIMAligned = append(v.DKIMAligned, r.Aligned(s.Domain, strictDKIM))
		pass = pass.Or(passed(s.Result).And(r.Aligned(s.Domain, strictDKIM)))
	}
	switch {
	case !r.Known:
		v.Result = "unknown"
	case r.Policy == NoPolicy:
		v.Result = "none"
	case pass == Yes:
		v.Result, v.Disposition = "pass", None
	case pass == No:
		v.Result, v.Disposition = "fail", r.Policy
	default:
		v.Result = "unknown"
	}
	return v
}

func (r Result) modes() (spf, dkim bool) {
	if r.Record == nil {
		return false, false
	}
	return r.Record.StrictSPF, r.Record.StrictDKIM
}
