package settings

import (
	"crypto"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/transports"
)

// File is the subject of findings about the configuration file itself.
const File = "configuration file"

// Input is a transport with what it is compared with. The values from DNS are
// zero where nothing was looked up: then nothing is concluded from them.
type Input struct {
	Transport transports.Transport
	All       []transports.Transport // in the order of the file
	Service   transports.Service
	Unknown   []UnknownSetting // of the whole file

	ReplyTo   Policy       // DMARC of the domain that is copied into Reply-To
	Host      []netip.Addr // addresses of the SMTP server
	Published Published    // the record of the transport's selector
	NoReply   NoReply      // how mail in ClockWise's own name fares

	// PasswordProblem says why the password's reference gives nothing; "" when
	// it gives one or was not asked.
	PasswordProblem string
	// OwnDomainOnly says that the server refused a sender as not its own.
	OwnDomainOnly bool
}

// UnknownSetting is a key of the file that cwmail does not know.
type UnknownSetting struct {
	Key       string
	Near      string // what was probably meant; "" when nothing is near
	Line      int
	Transport string // in which it stands; "" at the top of the file
}

// Policy is the DMARC record that applies to a domain, as far as it concerns
// Reply-To.
type Policy struct {
	Domain     string // "" when not looked up
	Policy     string // none, quarantine, reject; "" without a record
	StrictDKIM bool
	StrictSPF  bool
	Evidence   []finding.Evidence
}

// Published is what was found at the name of the transport's DKIM key.
type Published struct {
	Name     string           // of the record; "" when not looked up
	Key      crypto.PublicKey // nil when there is no usable one
	Evidence []finding.Evidence
}

// NoReply is how mail as the no-reply address from the relay addresses is
// judged by receivers.
type NoReply struct {
	Known         bool
	Authenticated bool   // aligned SPF or DKIM passes from each address
	Detail        string // what fails, e.g. "SPF: softfail; no DKIM record"
	Evidence      []finding.Evidence
}

// Findings judges one transport. For the built-in default it says what its
// being used means.
func Findings(in Input) []finding.Finding {
	j := &judge{Input: in, t: in.Transport}
	if j.t.BuiltIn {
		j.builtIn()
		return j.found
	}
	j.unknown(j.t.Name)
	j.match()
	j.sender()
	j.dkim()
	j.keyFile()
	if j.t.Type == transports.SMTP {
		j.password()
		j.server()
	}
	if j.t.Type == transports.NoReply {
		j.noReply()
	}
	return j.found
}

// FindingsAll judges the configuration as a whole: what the built-in default
// takes, and settings at the top of the file.
func FindingsAll(all []transports.Transport, service transports.Service, unknown []UnknownSetting) []finding.Finding {
	in := Input{Transport: transports.BuiltIn(), All: all, Service: service, Unknown: unknown}
	j := &judge{Input: in, t: transports.Transport{Name: File}}
	j.unknown("")
	return append(Findings(in), j.found...)
}

// judge collects the findings of one transport.
type judge struct {
	Input
	t     transports.Transport
	found []finding.Finding
}

// raise adds a finding; its first argument is always the transport's name.
func (j *judge) raise(r *finding.Rule, object string, evidence []finding.Evidence, args ...string) {
	j.found = append(j.found, finding.Finding{
		Rule: r, Subject: j.t.Name, Object: object, Args: append([]string{j.t.Name}, args...), Evidence: evidence,
	})
}

// setting is the evidence that stands in the configuration.
func (j *judge) setting(kv ...string) []finding.Evidence {
	var out []finding.Evidence
	server := File
	if j.t.Line > 0 {
		server = fmt.Sprintf("%s, line %d", File, j.t.Line)
	}
	for i := 0; i+1 < len(kv); i += 2 {
		value := kv[i+1]
		if value == "" {
			value = "not set"
		}
		out = append(out, finding.Evidence{Server: server, Name: kv[i], Type: "setting", Answer: value})
	}
	return out
}

func (j *judge) builtIn() {
	configured := slices.DeleteFunc(slices.Clone(j.All), func(t transports.Transport) bool { return t.BuiltIn })
	if len(configured) == 0 {
		j.raise(missing, "", []finding.Evidence{{Server: File, Name: "transports", Type: "setting", Answer: "none"}})
		return
	}
	var matched []string
	for _, t := range configured {
		if t.Match == (transports.Match{}) {
			return
		}
		if what := t.Match.String(); !slices.Contains(matched, what) {
			matched = append(matched, what)
		}
	}
	if len(matched) > 4 {
		matched = append(matched[:3:3], fmt.Sprintf("%d others", len(matched)-3))
	}
	j.raise(defaultMissing, "", []finding.Evidence{{Server: File, Name: "match", Type: "setting", Answer: strings.Join(matched, ", ")}})
	j.found[0].Args = []string{list(matched)}
}

// list joins words as a sentence does.
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// unknown tells the keys that stand in the named transport. Its object is the
// key that was meant, as that of the findings which it explains.
func (j *judge) unknown(transport string) {
	for _, u := range j.Unknown {
		if u.Transport != transport {
			continue
		}
		object, guess := u.Near, didYouMean(u.Near)
		if object == "" {
			object = u.Key
		}
		line := strconv.Itoa(u.Line)
		j.found = append(j.found, finding.Finding{
			Rule: settingUnknown, Subject: j.t.Name, Object: object, Args: []string{u.Key, line, guess},
			Evidence: []finding.Evidence{{Server: File + ", line " + line, Name: u.Key, Type: "setting", Answer: "unknown"}},
		})
	}
}

// didYouMean is a sentence to put behind another.
func didYouMean(near string) string {
	if near == "" {
		return ""
	}
	return " Did you mean " + near + "?"
}

func (j *judge) match() {
	m := j.t.Match
	for _, o := range j.before() {
		if o.Match.Equal(m) {
			j.raise(matchDuplicate, "", j.setting("match of "+o.Name, o.Match.String(), "match of "+j.t.Name, m.String()), o.Name, m.String())
			break
		}
	}
	if takers := j.takers(); len(takers) > 0 {
		j.raise(neverMatches, "", j.setting("match", m.String()), list(takers), m.String())
	}
	if m.Subsystem == "" {
		return
	}
	known := slices.ContainsFunc(transports.Subsystems, func(s string) bool { return strings.EqualFold(s, m.Subsystem) })
	if !known {
		near := transports.Nearest(m.Subsystem, transports.Subsystems)
		j.raise(subsystemUnknown, "", j.setting("match.subsystem", m.Subsystem), m.Subsystem, list(transports.Subsystems), didYouMean(near))
		return
	}
	j.raise(subsystemUnconfirmed, "", j.setting("match.subsystem", m.Subsystem), m.Subsystem)
}

// before returns the transports that stand before this one.
func (j *judge) before() []transports.Transport {
	i := slices.IndexFunc(j.All, func(t transports.Transport) bool { return t.Name == j.t.Name })
	return j.All[:max(i, 0)]
}

// takers names the transports that together take all mail of this one: an
// equal match that stands before it, or one for each subsystem. A broader one
// never does, as the narrower goes first.
func (j *judge) takers() []string {
	m := j.t.Match
	for _, o := range j.before() {
		if o.Match.Equal(m) {
			return []string{o.Name}
		}
	}
	if m.Subsystem != "" {
		return nil
	}
	var names []string
	for _, s := range transports.Subsystems {
		want := m
		want.Subsystem = s
		i := slices.IndexFunc(j.All, func(o transports.Transport) bool { return o.Match.Equal(want) })
		if i < 0 {
			return nil
		}
		names = append(names, j.All[i].Name)
	}
	return names
}

func (j *judge) sender() {
	domain := j.t.Domain(j.Service.NoReply)
	if j.t.Type != transports.NoReply && j.t.From != "" && j.t.Match.Domain != "" {
		if d, err := transports.ParseDomain(j.t.From); err == nil && !strings.EqualFold(d, j.t.Match.Domain) {
			j.raise(senderOutsideMatch, "", j.setting("from", j.t.From, "match.domain", j.t.Match.Domain), j.t.From, j.t.Match.Domain)
		}
	}
	if j.t.Type != transports.ClockWise {
		return
	}
	switch {
	case domain == "":
		j.raise(ownSenderWithoutDomain, "", j.setting("match.domain", "", "from", ""))
	case transports.IsPublicMail(domain):
		j.raise(senderIsFreeMail, "", j.setting("sender", j.t.Sender(j.Service.NoReply)), domain)
	}
}

func (j *judge) dkim() {
	d := j.t.DKIM
	if !d.Enabled {
		if j.Published.Key != nil && j.t.Type == transports.ClockWise {
			j.raise(dkimOffButPublished, "", j.Published.Evidence, j.Published.Name)
		}
		return
	}
	if j.t.Type == transports.NoReply {
		j.raise(dkimOnNoReply, "", j.setting("dkim.enabled", "true"), j.Service.Domain)
		return
	}
	if j.t.Match.Domain == "" {
		j.raise(dkimWithoutDomainMatch, "", j.setting("dkim.enabled", "true", "match.domain", ""))
	}
	if d.Selector == "" {
		j.raise(dkimSelectorMissing, "dkim.selector", j.setting("dkim.enabled", "true", "dkim.selector", ""))
	}
}

func (j *judge) keyFile() {
	d := j.t.DKIM
	if d.KeyFile == "" {
		return
	}
	evidence := j.setting("dkim.key", d.KeyFile)
	switch d.Key.Problem {
	case transports.KeyMissing:
		j.raise(keyFileMissing, "", evidence, d.KeyFile)
		return
	case transports.KeyMalformed, transports.KeyUnreadable:
		why := strings.TrimPrefix(d.Key.Detail, d.KeyFile+": ")
		j.raise(keyFileMalformed, "", evidence, d.KeyFile, strings.TrimSuffix(why, "."))
	case transports.KeyOK:
		if d.Key.Private == nil && (d.Key.FilePublic != nil || d.PublicKey == "" && d.Key.Public != nil) {
			j.raise(keyFileMalformed, "", evidence, d.KeyFile, "it holds only a public key")
		}
	}
	if d.Key.Exposed {
		j.raise(keyFileExposed, "", evidence, d.KeyFile)
		j.found[len(j.found)-1].Fix = &finding.Fix{
			Summary: "Make the key readable for its owner alone.", Command: "chmod 600 " + quote(d.KeyFile),
		}
	}
	if d.Enabled && d.Key.FilePublic != nil && equal(j.Published.Key, d.Key.Public) && !equal(d.Key.FilePublic, d.Key.Public) {
		j.raise(keyFileMismatch, "", slices.Concat(evidence, j.Published.Evidence), d.KeyFile, j.Published.Name)
	}
}

// quote makes a path one word of a shell.
func quote(path string) string {
	if strings.Trim(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+@") == "" {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

// equal compares public keys; a missing one equals nothing.
func equal(a, b crypto.PublicKey) bool {
	k, ok := a.(interface{ Equal(x crypto.PublicKey) bool })
	return ok && b != nil && k.Equal(b)
}

func (j *judge) password() {
	s := j.t.Server
	if s.Password.Kind == transports.ClearSecret {
		j.raise(passwordInClear, "", j.setting("smtp.password", "text"))
	}
	if j.logsIn() {
		j.raise(passwordStored, "", j.setting("smtp.auth", s.Auth, "smtp.username", s.Username), s.Username)
	}
	if j.PasswordProblem != "" {
		kind := string(s.Password.Kind)
		j.raise(passwordUnreadable, "", j.setting("smtp."+kind, s.Password.Ref), kind, strings.TrimSuffix(j.PasswordProblem, "."))
	}
}

func (j *judge) logsIn() bool { return j.t.Server.Auth != "" && j.t.Server.Auth != "none" }

func (j *judge) server() {
	s := j.t.Server
	if accepts := j.accepts(); accepts != "" && j.t.Match.Domain == "" {
		j.raise(smtpWithoutDomainMatch, "", j.setting("smtp.host", s.Host, "match.domain", ""), s.Host, accepts)
	}
	if addrs := j.addresses(); len(addrs) > 0 && !slices.ContainsFunc(addrs, public) {
		var words []string
		evidence := j.setting("smtp.host", s.Host)
		for _, a := range addrs {
			words = append(words, a.String())
			evidence = append(evidence, finding.Evidence{Name: s.Host, Type: kindOf(a), Answer: a.String()})
		}
		j.raise(smtpHostPrivate, "", evidence, s.Host, list(words))
	}
	if j.logsIn() && s.Security == "none" {
		j.raise(smtpPlaintext, "", j.setting("smtp.security", s.Security, "smtp.auth", s.Auth), s.Host)
	}
	if fit := fitting(s.Port); fit != "" && s.Security != fit && (s.Port == 465 || s.Security == "tls") {
		port := strconv.Itoa(s.Port)
		j.raise(portTLSConflict, "", j.setting("smtp.port", port, "smtp.security", s.Security), port, s.Security, fit)
	}
}

// fitting is the security that belongs to a port (RFC 8314 section 3).
func fitting(port int) string {
	switch port {
	case 465:
		return "tls"
	case 25, 587:
		return "starttls"
	}
	return ""
}

// accepts says in words whom the server takes mail from, where it is known
// that it does not take everybody's.
func (j *judge) accepts() string {
	if j.OwnDomainOnly {
		return "its own domain or mailbox"
	}
	k, _ := transports.FindServer(j.t.Server.Host)
	switch k.Accepts {
	case transports.AcceptsOwnMailbox:
		return "the mailbox that logs in"
	case transports.AcceptsOwnDomain:
		return "domains that are set up there"
	}
	return ""
}

// addresses are those of the host, also where it is an address itself.
func (j *judge) addresses() []netip.Addr {
	if a, err := netip.ParseAddr(j.t.Server.Host); err == nil {
		return []netip.Addr{a}
	}
	return j.Host
}

// shared is the address space of carriers (RFC 6598), which nobody outside
// their network reaches.
var shared = netip.MustParsePrefix("100.64.0.0/10")

// public says whether an address can be reached from other networks (RFC
// 6890).
func public(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsGlobalUnicast() && !a.IsPrivate() && !shared.Contains(a)
}

func kindOf(a netip.Addr) string {
	if a.Unmap().Is4() {
		return "A"
	}
	return "AAAA"
}

func (j *judge) noReply() {
	address := j.Service.NoReply
	j.raise(noReplyNeedsNoDNS, "", j.setting("type", string(j.t.Type)), address)
	if j.t.From != "" && !strings.EqualFold(j.t.From, address) {
		j.raise(noReplyWithOwnSender, "", j.setting("from", j.t.From), j.t.From, address)
	}
	if j.NoReply.Known && !j.NoReply.Authenticated {
		j.raise(noReplyUnauthenticated, "", j.NoReply.Evidence, address, strings.TrimSuffix(j.NoReply.Detail, "."))
	}
	if !j.t.ReplyTo.Copy && j.t.ReplyTo.Address == "" {
		j.raise(replyToMissing, "reply_to", j.setting("reply_to", ""), address)
	}
	if strict := j.ReplyTo.strict(); j.t.ReplyTo.Copy && j.ReplyTo.Domain != "" && strict != "" {
		j.raise(replyToStrictDMARC, "", j.ReplyTo.Evidence, j.ReplyTo.Domain, strict)
	}
}

// strict says in words what is strict about a policy; "" for nothing.
func (p Policy) strict() string {
	var parts []string
	if p.Policy == "quarantine" || p.Policy == "reject" {
		parts = append(parts, "p="+p.Policy)
	}
	if p.StrictDKIM {
		parts = append(parts, "adkim=s")
	}
	if p.StrictSPF {
		parts = append(parts, "aspf=s")
	}
	return list(parts)
}
