package wizard

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/spf"
	"clockwise.info/cwmail/checks/zone"
	"clockwise.info/cwmail/transports"
)

func spfRecord() Step {
	return Step{
		ID: "record", Title: "Record",
		Ask: "This is the SPF record that stands in DNS now, with everything that it leads to.",
		Why: "A domain has one SPF record. Its terms name servers, and each include names another record. " +
			"A receiver may ask DNS at most 10 times for all of it, which is the budget; beyond that SPF fails for all mail of the domain, not only for ClockWise's.\n\n" +
			"At most 2 of the questions may find nothing.",
		Fields: spfRecordFields,
		Look:   spfRecordLook,
		Act:    spfRecordAct,
		Next: func(r *Run) string {
			switch {
			case r.Fact(factGoto) != "":
				return ""
			case r.Fact(factRight) != "":
				return "prove"
			}
			return "change"
		},
	}
}

// spfKind is how a domain stands.
type spfKind string

// The kinds.
const (
	kindOne       spfKind = "one"
	kindNone      spfKind = "none"
	kindSeveral   spfKind = "several"
	kindBroken    spfKind = "broken"
	kindMisplaced spfKind = "misplaced"
	kindRedirect  spfKind = "redirect"
	kindForeign   spfKind = "redirect-foreign"
	kindAlias     spfKind = "alias"
	kindDeadAlias spfKind = "alias-dead"
	kindTheirs    spfKind = "alias-theirs"
	kindParked    spfKind = "parked"
	kindFull      spfKind = "full"
	kindUnsound   spfKind = "unsound"
	kindRight     spfKind = "right"
	kindNoZone    spfKind = "no-zone"
	kindHosted    spfKind = "hosted"
	kindUnknown   spfKind = "unknown"
)

// spfWords are what is said of each kind. %[1]s is the domain, %[2]s what the
// kind is about.
var spfWords = map[spfKind]struct {
	state   State
	said    string
	more    string // a paragraph
	blocked string // why it cannot go on; "" where it can
}{
	kindOne: {
		Todo, "%[1]s has one SPF record, and ClockWise is not yet in it as it should be.",
		"The record is changed, term by term. A second record is never added: with two, SPF fails for all mail.", "",
	},
	kindNone: {
		Todo, "%[1]s has no SPF record. One is written now.",
		"The record must name every server that sends mail of this domain, not only ClockWise. Fill in below what else sends; whoever is forgotten may be refused.", "",
	},
	kindSeveral: {
		Failure, "%[1]s has %[2]s SPF records. Only one is allowed, so SPF fails for all mail now.",
		"They are put together into one: the first is changed, the others are deleted.", "",
	},
	kindBroken: {
		Failure, "The SPF record of %[1]s has a mistake, so SPF fails for all mail now.",
		"The mistake is mended, and ClockWise is added.", "",
	},
	kindMisplaced: {
		Failure, "%[1]s has an SPF record in the wrong place, where no receiver looks.",
		"It is written anew at the right name, as type TXT.", "",
	},
	kindRedirect: {
		Todo, "The SPF record of %[1]s takes the rest from the record of %[2]s (redirect).",
		"ClockWise is added before the redirect. The record of %[2]s is left as it is: others may use it, too.", "",
	},
	kindForeign: {
		Todo, "The SPF record of %[1]s takes the rest from %[2]s (redirect), which belongs to somebody else.",
		"Only your own record is changed: ClockWise is added before the redirect, and whatever they change in theirs goes on to count for you.", "",
	},
	kindAlias: {
		Todo, "%[1]s is another name for %[2]s (CNAME), so the SPF record of %[2]s counts.",
		"Nothing may stand beside a CNAME. The record at %[2]s is changed, which is yours as well; it counts for every name that leads there.", "",
	},
	kindDeadAlias: {
		Failure, "%[1]s is another name for %[2]s (CNAME), which does not exist.",
		"Nothing may stand beside a CNAME. It is deleted, and the record takes its place.", "",
	},
	kindTheirs: {
		Failure, "%[1]s is another name for %[2]s (CNAME), which belongs to somebody else.",
		"Nothing may stand beside a CNAME, so no record can be added here; and the record at %[2]s only they can change. Choose another way below, or ask them.", "",
	},
	kindParked: {
		Warning, "The SPF record of %[1]s says that no mail is sent with this domain at all.",
		"That protects a domain which sends nothing. Say below whether it is to send from now on.", "",
	},
	kindFull: {
		Failure, "There is no room for ClockWise in the SPF record of %[1]s as it is.",
		"%[2]s Choose below how to go on.", "",
	},
	kindUnsound: {
		Failure, "The SPF record of %[1]s cannot be mended by itself.",
		"%[2]s", "",
	},
	kindRight: {OK, "Already right: ClockWise may send for %[1]s, and nothing has to be changed.", "", ""},
	kindNoZone: {
		Failure, "%[1]s is not registered: DNS does not know it.%[2]s", "",
		"The domain does not exist. Go back and correct it, or register it first.",
	},
	kindHosted: {
		Failure, "The DNS of %[1]s is that of %[2]s, which belongs to somebody else.",
		"Only who runs %[2]s can add a record here. Ask them, or send with a domain of your own.",
		"The record cannot be published by you. Go back and choose a domain of your own.",
	},
	kindUnknown: {
		Unknown, "DNS could not be asked: %[2]s. That says nothing about the record.", "",
		"What stands there now is not known, so nothing can be proposed. Look again.",
	},
}

// blocked says that the record of the domain itself cannot take ClockWise in as
// it is.
func (k spfKind) blocked() bool { return k == kindFull || k == kindTheirs || k == kindUnsound }

// kindOf says how a domain stands.
func (s *spfSeen) kindOf(c spfCase) spfKind {
	answer, tree := s.result.Answer, s.result.Tree
	registered := s.zone.Registered
	p := s.plain
	switch alias := answer.CNAME(); {
	case s.zone.RegisteredExists == zone.Missing:
		return kindNoZone
	case answer.Status == dns.Failed && (len(answer.Chain) == 0 || !s.foreign(answer.Owner())):
		return kindUnknown
	case s.zone.Apex != "" && s.zone.Apex != registered && dns.Within(registered, s.zone.Apex):
		return kindHosted
	case s.right():
		return kindRight
	case alias != "" && answer.Status != dns.NoName && s.foreign(answer.Owner()):
		return kindTheirs
	case closed(tree):
		return kindParked
	case !p.Sound() && (p.LookupsAfter > spf.MaxLookups || p.VoidAfter > spf.MaxVoidLookups):
		return kindFull
	case !p.Sound():
		return kindUnsound
	case alias != "" && answer.Status == dns.NoName:
		return kindDeadAlias
	case alias != "":
		return kindAlias
	case len(s.result.Records) > 1:
		return kindSeveral
	case p.Before != nil && (tree == nil || tree.Record == nil || tree.Record.Err() != nil):
		return kindBroken
	case p.Before == nil && len(p.Records) > 1:
		return kindMisplaced
	case p.Before == nil:
		return kindNone
	}
	if t := tree.Record.Redirect(); t != nil && tree.Record.All() < 0 {
		if s.foreign(t.Domain) {
			return kindForeign
		}
		return kindRedirect
	}
	return kindOne
}

// foreign says that a name is not below the customer's domain.
func (s *spfSeen) foreign(name string) bool {
	return !dns.Within(dns.Ask(name, 0).Name, s.zone.Registered)
}

// closed says that a record is no more than "v=spf1 -all".
func closed(tree *spf.Node) bool {
	if tree == nil || tree.Record == nil || len(tree.Record.Terms) != 1 {
		return false
	}
	t := tree.Record.Terms[0]
	return t.IsAll() && t.Qualifier == '-'
}

// about is what the words of a kind name besides the domain.
func (s *spfSeen) about(c spfCase) string {
	switch s.kind {
	case kindSeveral:
		return fmt.Sprint(len(s.result.Records))
	case kindRedirect, kindForeign:
		return s.result.Tree.Record.Redirect().Domain
	case kindAlias, kindDeadAlias, kindTheirs:
		return s.result.Answer.Owner()
	case kindHosted:
		return s.zone.Apex
	case kindNoZone:
		return meant(c.domain, spfConfigured(c.Run))
	case kindUnknown:
		return orElse(s.result.Answer.Reason(), "no answer")
	case kindFull, kindUnsound:
		return strings.Join(s.plain.Problems, " ")
	}
	return ""
}

func spfRecordLook(ctx context.Context, r *Run, emit func(View)) View {
	c := spfCaseOf(r)
	resolver := c.resolver()
	if resolver == nil {
		return View{State: Unknown, Said: "DNS cannot be asked here.", Blocked: "DNS cannot be asked here."}
	}
	emit(View{State: Busy, Said: "Reading the SPF record of " + c.domain + " ..."})
	return c.recordView(c.see(ctx, resolver, c.domain))
}

func (c spfCase) recordView(s *spfSeen) View {
	w := spfWords[s.kind]
	fill := func(text string) string { return finding.Fill(text, c.domain, s.about(c)) }
	v := View{State: w.state, Said: fill(w.said), Blocked: w.blocked, Value: s}
	v.Blocks = append(v.Blocks, Mark{w.state, v.Said})
	if w.more != "" {
		v.Blocks = append(v.Blocks, Para(fill(w.more)))
	}
	if w.blocked == "" {
		v.Blocks = append(v.Blocks, c.place(s)...)
	}
	if s.kind.blocked() {
		v.Blocks = append(v.Blocks, Para(spfWayWhy))
	}
	v.Blocks = append(v.Blocks, s.standing()...)
	wrong := slices.DeleteFunc(slices.Clone(s.found), func(f finding.Finding) bool { return slices.Contains(saidAlready, f.Code()) })
	if len(wrong) > 0 && s.kind != kindUnknown && s.kind != kindNoZone && s.kind != kindHosted {
		v.Blocks = append(v.Blocks, Heading("What is wrong now"), wrong)
	}
	return v
}

// saidAlready are the findings that say no more than the words of a kind.
var saidAlready = []string{"spf.missing", "spf.include-clockwise-missing"}

const spfWayWhy = "DMARC, the rule by which receivers decide, is content with one of two: SPF, or a DKIM signature. And SPF is judged for the envelope sender, the address to which undeliverable mail goes back, which readers do not see. So there are other ways than this record."

// place says where the record stands, where that is not plain.
func (c spfCase) place(s *spfSeen) []Block {
	var out []Block
	if apex := s.zone.Apex; apex != "" && apex != s.zone.Registered && dns.Within(apex, s.zone.Registered) {
		var names []string
		for _, x := range s.zone.Servers {
			names = append(names, x.Name)
		}
		out = append(out, Mark{Warning, apex + " has name servers of its own: " + orElse(listed(names, "and"), "not known which") +
			". The record is added there, not where the DNS of " + s.zone.Registered + " is managed. If somebody else runs them, ask them."})
	}
	if s.zone.DomainExists == zone.Missing && len(s.result.Answer.Chain) == 0 {
		out = append(out, Mark{Note, "Nothing stands at " + c.domain + " yet. That is no hindrance: the record makes the name."})
	}
	if !s.result.Counted() && s.result.Tree != nil {
		out = append(out, Mark{Unknown, "Not all of what the record leads to could be looked up, so the look-ups may be more than counted. Look again later."})
	}
	return out
}

// standing is the record as it is: the texts, or the tree with its budget.
func (s *spfSeen) standing() []Block {
	if s.result.Tree == nil || s.result.Tree.Record == nil {
		var out []Block
		for _, rec := range s.result.Records {
			out = append(out, Command(rec.Text))
		}
		if len(out) > 0 {
			out = append([]Block{Heading("The records that stand there now")}, out...)
		}
		return out
	}
	return []Block{
		Heading("The record that stands there now"), Command(s.result.Tree.Record.Text), spfTree(s.result.Tree),
		lookupBudget("Budget", s.result.Lookups), voidBudget("Empty answers", s.result.VoidLookups),
	}
}

func lookupBudget(label string, n int) Budget {
	return Budget{label, n, spf.MaxLookups, share(n, spf.MaxLookups, "look-ups")}
}

func voidBudget(label string, n int) Budget {
	return Budget{label, n, spf.MaxVoidLookups, share(n, spf.MaxVoidLookups, "")}
}

func share(n, most int, what string) string {
	if what != "" {
		what = " " + what
	}
	if n > most {
		return fmt.Sprintf("%d%s where %d are allowed", n, what, most)
	}
	return fmt.Sprintf("%d of %d%s", n, most, what)
}

// maxBranches bounds the lines of a tree.
const maxBranches = 80

// spfTree is a record with everything that it leads to.
func spfTree(tree *spf.Node) Tree {
	var out Tree
	cost, more := 0, 0
	tree.Walk(func(n *spf.Node, above []*spf.Node) bool {
		if len(above) == 0 {
			return true
		}
		if len(out) == maxBranches {
			more++
			return true
		}
		b := Branch{Depth: len(above) - 1, Text: n.Term, State: OK}
		if n.Lookups > 0 {
			b.Cost = fmt.Sprintf("%d look-up%s", n.Lookups, plural(n.Lookups))
		}
		inactive := n.Inactive || slices.ContainsFunc(above, func(a *spf.Node) bool { return a.Inactive })
		if !inactive {
			cost += n.Cost
		}
		b.State, b.Note = branchState(n, inactive, n.Cost > 0 && cost == spf.MaxLookups+1)
		out = append(out, b)
		return true
	})
	if more > 0 {
		out = append(out, Branch{Text: fmt.Sprintf("and %d more terms", more), State: OK})
	}
	return out
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// branchState says what is wrong with a term.
func branchState(n *spf.Node, inactive, breaks bool) (State, string) {
	switch {
	case n.Loop:
		return Failure, "it leads back to a record above"
	case n.Answer.Status == dns.Failed && n.Answer.Question.Name != "":
		return Unknown, orElse(n.Answer.Reason(), "no answer")
	case n.Err != nil:
		return Failure, strings.TrimPrefix(n.Err.Error(), "spf: ")
	case inactive:
		return Skipped, "never tested: it stands behind all"
	case breaks:
		return Failure, fmt.Sprintf("look-up %d: receivers stop here", spf.MaxLookups+1)
	case n.Dynamic:
		return OK, "depends on the sender"
	case n.Void > 0 && len(n.Children) == 0:
		return Warning, "nothing is there"
	}
	return OK, ""
}

// seen is what the look of this step found out; nil before it.
func seen(r *Run) *spfSeen {
	s, _ := r.View().Value.(*spfSeen)
	return s
}

// spfRecordFields ask what DNS does not tell.
func spfRecordFields(r *Run) []Field {
	s := seen(r)
	if s == nil {
		return nil
	}
	switch s.kind {
	case kindNone:
		return spfOthers(s)
	case kindParked:
		return []Field{{
			ID: "sends", Label: "Send mail", Kind: Choice, Default: "no", Options: YesNo("Yes, it sends from now on", "No, leave it closed"),
			Help: "Is this domain to send mail?",
		}}
	case kindFull, kindTheirs, kindUnsound:
		return spfWays(r, s)
	}
	return nil
}

// spfOthers ask who else sends mail of a domain without a record.
func spfOthers(s *spfSeen) []Field {
	var out []Field
	guessed := strings.Contains(s.plain.After, "include:spf.protection.outlook.com") || strings.Contains(s.plain.After, "include:_spf.google.com")
	if len(s.mx) > 0 && !guessed {
		out = append(out, Field{
			ID: "also-mx", Label: "Mail server", Kind: Choice, Default: "yes", Options: YesNo("Yes", "No"),
			Help: "Mail of this domain is received by " + listed(s.mx, "and") + ". Does it send mail as well? If you do not know, say yes.",
		})
	}
	return append(out, Field{
		ID: "also", Label: "Others", Optional: true, Check: spfCheckAlso,
		Help: "What else sends mail of this domain: the SPF name of a service or the address of a server, with spaces between them, for example spf.mailer.example 192.0.2.1. Leave it empty for none.",
	})
}

// maxAlso bounds the terms that are typed.
const maxAlso = 20

// spfCheckAlso makes terms of names, addresses and terms.
func spfCheckAlso(_ *Run, value string) (clean, problem string) {
	var out []string
	for _, s := range strings.FieldsFunc(value, func(c rune) bool { return c == ' ' || c == ',' || c == ';' || c == '\t' }) {
		term, ok := spfTerm(s)
		if !ok {
			return "", "'" + s + "' is neither a name nor an address. Write the SPF name that the service gives, for example spf.mailer.example, or an address such as 192.0.2.1."
		}
		if !slices.Contains(out, term) {
			out = append(out, term)
		}
	}
	if len(out) > maxAlso {
		return "", fmt.Sprintf("These are %d; at most %d fit here.", len(out), maxAlso)
	}
	return strings.Join(out, " "), ""
}

// spfTerm makes a term of what somebody typed.
func spfTerm(s string) (string, bool) {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		return ipTerm(a.Unmap()) + a.Unmap().String(), true
	}
	if p, err := netip.ParsePrefix(s); err == nil {
		return ipTerm(p.Addr()) + p.Masked().String(), true
	}
	if rec := spf.Parse("v=spf1 " + s); strings.ContainsAny(s, ":") || strings.EqualFold(s, "mx") || strings.EqualFold(s, "a") {
		ok := rec.Err() == nil && len(rec.Terms) == 1 && rec.Terms[0].Kind == spf.Mechanism && rec.Terms[0].Qualifier == '+' && !rec.Terms[0].IsAll()
		if ok {
			return strings.ToLower(s), true
		}
	}
	d, err := transports.ParseDomain(s)
	return "include:" + d, err == nil
}

func ipTerm(a netip.Addr) string {
	if a.Is4() {
		return "ip4:"
	}
	return "ip6:"
}

// maxDrops is how many terms are offered to be taken out.
const maxDrops = 12

// removals are the terms that could go.
func (s *spfSeen) removals() []spf.Removal {
	if s.kind != kindFull {
		return nil
	}
	return s.plain.Removals[:min(len(s.plain.Removals), maxDrops)]
}

// dead says that a term lets nobody send: taking it out harms no mail.
func (s *spfSeen) dead(term string) bool {
	if s.result.Tree == nil {
		return false
	}
	return slices.ContainsFunc(s.result.Tree.Children, func(n *spf.Node) bool {
		return n.Term == term && n.Void > 0 && len(n.Addresses) == 0 && n.Record == nil && n.Err == nil
	})
}

// spfWays ask how to go on where the record has no room.
func spfWays(r *Run, s *spfSeen) []Field {
	way := Field{ID: "way", Label: "Way", Kind: Choice, Help: "How do you want to go on?"}
	removals := s.removals()
	if len(removals) > 0 {
		way.Options = append(way.Options, Option{wayRemove, "Take terms out", "Makes room in the record. Right for services that you no longer use."})
	}
	way.Options = append(
		way.Options,
		Option{waySubdomain, "A sub-domain as envelope sender", "Undeliverable mail goes back to a sub-domain with a record of its own. The address that readers see stays the same."},
		Option{wayDKIM, "Sign with DKIM instead", "This record stays as it is. A signature needs no room in it, and holds when mail is forwarded. Goes on in another guide."},
	)
	way.Default = way.Options[0].Value
	out := []Field{way}
	chosen := orElse(r.Given("way"), way.Default)
	switch chosen {
	case wayRemove:
		for _, x := range removals {
			out = append(out, dropQuestion(s, x))
		}
	case waySubdomain:
		out = append(out, Field{
			ID: "envelope", Label: "Sub-domain", Default: "bounce." + subdomainHome(s), Check: spfCheckEnvelope,
			Help: "A name below your domain that nothing else uses, for example bounce." + subdomainHome(s) + ".",
		})
	}
	return out
}

// subdomainHome is the domain below which a sub-domain is proposed: nothing can
// stand below a name of somebody else.
func subdomainHome(s *spfSeen) string {
	if s.kind == kindTheirs {
		return s.zone.Registered
	}
	return s.result.Domain
}

func dropQuestion(s *spfSeen, x spf.Removal) Field {
	f := Field{
		ID: dropField(x.Term), Label: x.Term, Kind: Choice, Default: "keep",
		Options: []Option{{"keep", "Keep it", ""}, {"out", "Take it out", "Mail that only this term lets through fails SPF then."}},
		Help:    fmt.Sprintf("%s frees %d look-up%s.", x.Term, x.Frees, plural(x.Frees)),
	}
	if who := sendsWith(x.Term); who != "" {
		f.Help += " " + who + " sends with it: keep it if you use that."
	}
	switch {
	case s.dead(x.Term):
		f.Default = "out"
		f.Help += " Nothing is there: it lets nobody send."
	case x.Reason != "":
		f.Help += " What speaks for taking it out: " + x.Reason + "."
	}
	return f
}

// spfServices are services by the include that they send with.
var spfServices = map[string]string{
	"include:spf.protection.outlook.com": "Microsoft 365",
	"include:_spf.google.com":            "Google Workspace",
}

// sendsWith is the service that sends with a term; "" where it is not known.
func sendsWith(term string) string {
	return spfServices[strings.ToLower(strings.TrimPrefix(term, "+"))]
}

func spfCheckEnvelope(r *Run, value string) (clean, problem string) {
	c := spfCaseOf(r)
	d, err := transports.ParseDomain(value)
	home := c.registered()
	switch {
	case err != nil || strings.HasPrefix(d, "_"):
		return "", fmt.Sprintf("'%s' is not a name for a sub-domain. Write for example bounce.%s.", value, home)
	case d == c.domain || d == home:
		return "", "'" + d + "' is the domain itself. Choose a name below it, for example bounce." + home + "."
	case !dns.Within(d, home):
		return "", "'" + d + "' is not below " + home + ": then SPF would not count for your sender address. Choose for example bounce." + home + "."
	}
	return d, ""
}

// spfRecordAct decides where to go on.
func spfRecordAct(ctx context.Context, r *Run, _ func(View)) Outcome {
	c := spfCaseOf(r)
	s := seen(r)
	if s == nil {
		resolver := c.resolver()
		if resolver == nil {
			return Outcome{Problem: "DNS cannot be asked here."}
		}
		s = c.see(ctx, resolver, c.domain)
		v := c.recordView(s)
		return Outcome{View: &v, Problem: orElse(v.Blocked, v.Said+" Look at it, then go on.")}
	}
	o := Outcome{Facts: map[string]string{factGoto: "", factRight: "", factAsked: c.domain, factSPFWay: ""}}
	way := s.kind.blocked()
	if way {
		o.Facts[factSPFWay] = r.Answer("way")
	}
	switch {
	case s.kind == kindRight:
		o.Facts[factRight] = "yes"
	case s.kind == kindParked && r.Answer("sends") != "yes":
		o.Facts[factGoto] = "none"
		o.View = &View{State: Note, Said: c.domain + " stays closed: it sends no mail, and ClockWise cannot send with it.", Value: s}
	case way && r.Answer("way") == wayDKIM:
		o.Facts[factGoto] = "dkim"
		o.View = &View{State: Note, Said: "SPF stays as it is. Go on with the guide \"" + DKIM().Title + "\" for " + c.domain + ".", Value: s}
	}
	return o
}
