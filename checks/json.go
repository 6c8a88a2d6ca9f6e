package checks

import (
	"io"
	"net/netip"
	"time"

	"clockwise.info/cwmail/checks/dmarc"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/safe"
	"clockwise.info/cwmail/transports"
)

// schema is the version of the documents: it changes when a field changes its
// meaning, not when one is added.
const schema = 1

// WriteJSON writes {"schema":1,"reports":[…]}.
func WriteJSON(w io.Writer, reports []Report) error {
	doc := struct {
		Schema  int          `json:"schema"`
		Reports []jsonReport `json:"reports"`
	}{schema, make([]jsonReport, len(reports))}
	for i, r := range reports {
		doc.Reports[i] = reportJSON(r)
	}
	out, err := safe.JSON(doc, "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(out)
	return err
}

// AppendLine appends a report as one line of JSON Lines. In front stands which
// line of a list it belongs to, and what stood there.
func AppendLine(dst []byte, r Report, line int, input string) ([]byte, error) {
	doc := struct {
		Line  int    `json:"line"`
		Input string `json:"input"`
		jsonReport
	}{line, input, reportJSON(r)}
	out, err := safe.JSON(doc, "")
	if dst == nil {
		return out, err
	}
	return append(dst, out...), err
}

type jsonReport struct {
	Target    string         `json:"target"`
	Domain    string         `json:"domain"`
	Transport *JSONTransport `json:"transport"`
	Started   *string        `json:"started"`
	TookMS    int64          `json:"took_ms"`
	Queries   int            `json:"queries"`
	Verdict   Verdict        `json:"verdict"`
	Paths     []JSONPath     `json:"paths"`
	Findings  []JSONFinding  `json:"findings"`
	Facts     any            `json:"facts"`
}

// JSONPath is a Path as the documents show it.
type JSONPath struct {
	IP          *string `json:"ip"`
	MailFrom    string  `json:"mail_from"`
	From        string  `json:"from"`
	SPF         string  `json:"spf"`
	SPFAligned  *bool   `json:"spf_aligned"`
	DKIM        string  `json:"dkim"`
	DKIMAligned *bool   `json:"dkim_aligned"`
	DMARC       string  `json:"dmarc"`
}

// JSONTransport is a transport as the documents show it. It has no password.
type JSONTransport struct {
	Name     string          `json:"name"`
	Type     transports.Type `json:"type"`
	BuiltIn  bool            `json:"built_in"`
	Match    jsonMatch       `json:"match"`
	From     string          `json:"from"`
	Envelope string          `json:"envelope"`
	ReplyTo  any             `json:"reply_to"` // true, false or an address, as in the file
	DKIM     jsonDKIM        `json:"dkim"`
	SMTP     *jsonServer     `json:"smtp"`
}

type jsonMatch struct {
	Domain    string `json:"domain"`
	LocalPart string `json:"local_part"`
	Subsystem string `json:"subsystem"`
}

type jsonDKIM struct {
	Enabled  bool   `json:"enabled"`
	Selector string `json:"selector"`
	Key      string `json:"key"`
}

type jsonServer struct {
	Host     string `json:"host"`
	Port     int    `json:"port"`
	Security string `json:"security"`
	Auth     string `json:"auth"`
	Username string `json:"username"`
}

// JSONFinding is a finding as the documents show it.
type JSONFinding struct {
	Code       string         `json:"code"`
	Severity   string         `json:"severity"`
	Subject    string         `json:"subject"`
	Object     string         `json:"object,omitempty"`
	Title      string         `json:"title"`
	Detail     string         `json:"detail"`
	Effect     string         `json:"effect"`
	Action     string         `json:"action"`
	Owner      finding.Owner  `json:"owner"`
	Evidence   []jsonEvidence `json:"evidence"`
	Fix        *jsonFix       `json:"fix"`
	References []string       `json:"references"`
	SilencedBy *string        `json:"silenced_by"`
}

type jsonEvidence struct {
	Server string  `json:"server"`
	Name   string  `json:"name"`
	Type   string  `json:"type"`
	Answer string  `json:"answer"`
	At     *string `json:"at"`
}

type jsonFix struct {
	Summary string       `json:"summary"`
	Records []jsonRecord `json:"records"`
	Command *string      `json:"command"`
}

type jsonRecord struct {
	Name     string  `json:"name"`
	Type     string  `json:"type"`
	Value    *string `json:"value"` // null: the record goes
	TTL      int     `json:"ttl"`
	Replaces *string `json:"replaces"`
}

func reportJSON(r Report) jsonReport {
	out := jsonReport{
		Target: safe.UTF8(r.Target), Domain: safe.UTF8(r.Domain), Started: instant(r.Started),
		TookMS: r.Took.Milliseconds(), Queries: r.Queries, Verdict: r.knownVerdict(),
		Paths: make([]JSONPath, len(r.Paths)), Findings: FindingsJSON(r.Findings), Facts: r.Facts,
	}
	if r.Transport != nil {
		t := TransportJSON(*r.Transport)
		out.Transport = &t
	}
	for i, p := range r.Paths {
		out.Paths[i] = PathJSON(p)
	}
	return out
}

// PathJSON shows how a receiver would judge.
func PathJSON(p Path) JSONPath {
	return JSONPath{
		IP: ipText(p.IP), MailFrom: safe.UTF8(p.MailFrom), From: safe.UTF8(p.From),
		SPF: known(p.SPF), SPFAligned: truth(p.SPFAligned), DKIM: known(p.DKIM), DKIMAligned: truth(p.DKIMAligned), DMARC: known(p.DMARC),
	}
}

// truth is null for what is not known.
func truth(t dmarc.Truth) *bool {
	if t == dmarc.Unknown {
		return nil
	}
	yes := t == dmarc.Yes
	return &yes
}

// TransportJSON shows t.
func TransportJSON(t transports.Transport) JSONTransport {
	out := JSONTransport{
		Name: safe.UTF8(t.Name), Type: t.Type, BuiltIn: t.BuiltIn,
		Match: jsonMatch{safe.UTF8(t.Match.Domain), safe.UTF8(t.Match.LocalPart), safe.UTF8(t.Match.Subsystem)},
		From:  safe.UTF8(t.From), Envelope: safe.UTF8(t.Envelope), ReplyTo: t.ReplyTo.Copy,
		DKIM: jsonDKIM{t.DKIM.Enabled, safe.UTF8(t.DKIM.Selector), safe.UTF8(t.DKIM.KeyFile)},
	}
	if t.ReplyTo.Address != "" {
		out.ReplyTo = safe.UTF8(t.ReplyTo.Address)
	}
	if t.Type == transports.SMTP {
		s := t.Server
		out.SMTP = &jsonServer{safe.UTF8(s.Host), s.Port, safe.UTF8(s.Security), safe.UTF8(s.Auth), safe.UTF8(s.Username)}
	}
	return out
}

// FindingsJSON shows findings in their order; never nil.
func FindingsJSON(all []finding.Finding) []JSONFinding {
	out := make([]JSONFinding, len(all))
	for i, f := range all {
		out[i] = findingJSON(f)
	}
	return out
}

func findingJSON(f finding.Finding) JSONFinding {
	out := JSONFinding{
		Code: f.Code(), Severity: f.Severity().String(), Subject: safe.UTF8(f.Subject), Object: safe.UTF8(f.Object),
		Title: safe.UTF8(f.Title()), Detail: safe.UTF8(f.Saw()), Effect: safe.UTF8(f.Effect()), Action: safe.UTF8(f.Action()),
		Owner: f.Who(), Evidence: make([]jsonEvidence, len(f.Evidence)),
		References: append([]string{}, f.Rule.References...), SilencedBy: textOrNull(f.SilencedBy),
	}
	for i, e := range f.Evidence {
		out.Evidence[i] = jsonEvidence{safe.UTF8(e.Server), safe.UTF8(e.Name), safe.UTF8(e.Type), safe.UTF8(e.Answer), instant(e.At)}
	}
	if f.Fix != nil {
		out.Fix = fixJSON(*f.Fix)
	}
	return out
}

func fixJSON(x finding.Fix) *jsonFix {
	out := &jsonFix{Summary: safe.UTF8(x.Summary), Records: make([]jsonRecord, len(x.Records)), Command: textOrNull(safe.UTF8(x.Command))}
	for i, rec := range x.Records {
		value := safe.UTF8(rec.Value)
		out.Records[i] = jsonRecord{Name: safe.UTF8(rec.Name), Type: rec.Type, Value: &value, TTL: rec.TTL}
		if rec.TTL == 0 {
			out.Records[i].TTL = 3600
		}
		if rec.Remove {
			out.Records[i].Value = nil
		}
		if rec.Replaces != nil {
			old := safe.UTF8(*rec.Replaces)
			out.Records[i].Replaces = &old
		}
	}
	return out
}

// instant writes a time in UTC; null for none.
func instant(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	return textOrNull(t.UTC().Format(time.RFC3339Nano))
}

func ipText(a netip.Addr) *string {
	if !a.IsValid() {
		return nil
	}
	return textOrNull(a.String())
}

func textOrNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
