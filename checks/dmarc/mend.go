package dmarc

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/nearest"
	"clockwise.info/cwmail/checks/pattern"
	"clockwise.info/cwmail/checks/taglist"
)

// fault is a stage that found something to mend.
type fault struct {
	rule *finding.Rule
	args []string // behind the name
}

// mending is what the stages know beside the text.
type mending struct {
	domain    string            // whose record it is
	mailbox   string            // domain of the address to propose for reports; "" for none
	effective bool              // receivers use the record as it stands
	dead      map[string]string // addresses that get no reports, with the reason; as written
	strict    []string          // alignment tags that hurt
	keepSP    bool              // sp= protects mail that does not pass yet
	suffix    bool              // the domain is a public suffix
}

// stage finds one kind of fault and mends it. Each stage sees what the ones
// before it left, so that one mistake is told once, by its nearest name. args
// is nil where nothing is wrong.
type stage struct {
	rule *finding.Rule
	mend func(m mending, text string) (out string, args []string)
}

// stages stand in the order in which a value is taken apart: what surrounds
// it, its characters, its separators, its tags, their values.
var stages = []stage{
	{zoneLineInValueRule, mendZoneLine},
	{nonASCIIRule, mendNonASCII},
	{quotesInValueRule, mendQuotes},
	{semicolonEscapedRule, mendEscapes},
	{controlCharacterRule, mendControls},
	{leadingCharactersRule, mendLeading},
	{separatorWrongRule, mendSeparatorWrong},
	{separatorMissingRule, mendSeparatorMissing},
	{versionWrongRule, mendVersionWrong},
	{versionNotFirstRule, mendVersionNotFirst},
	{versionMissingRule, mendVersionMissing},
	{tagMalformedRule, mendMalformed},
	{tagMisspeltRule, mendMisspelt},
	{tagDuplicateRule, mendDuplicate},
	{policyInvalidRule, mendPolicyInvalid},
	{subdomainPolicyInvalidRule, mendSubdomainInvalid},
	{policyMissingRule, mendPolicyMissing},
	{policyAssumedNoneRule, mendPolicyAssumed},
	{alignmentModeInvalidRule, mendModes},
	{reportAddressMalformedRule, mendAddresses},
	{subdomainPolicyWeakerRule, effective(mendWeaker)},
	{testModeRule, effective(mendTest)},
	{pctPresentRule, effective(mendPct)},
	{psdYesRule, effective(mendPSD)},
	{alignmentStrictRule, effective(mendStrict)},
	{reportDomainWithoutMXRule, effective(mendDead)},
	{reportsMissingRule, mendReports},
}

// effective limits a stage to records that receivers use: of others it is
// enough to say why they are not used.
func effective(mend func(mending, string) (string, []string)) func(mending, string) (string, []string) {
	return func(m mending, text string) (string, []string) {
		out, args := mend(m, text)
		if !m.effective {
			args = nil
		}
		return out, args
	}
}

// maxMended is the longest text that is mended: each stage goes through all of
// it for each thing that it finds. Nobody publishes longer ones but to harm.
const maxMended = 4096

// mend returns the text with everything repaired, and what was wrong.
func (m mending) mend(text string) (string, []fault) {
	if len(text) > maxMended {
		return m.tooLong(text)
	}
	var faults []fault
	for _, s := range stages {
		out, args := s.mend(m, text)
		if args != nil {
			faults = append(faults, fault{s.rule, args})
		}
		text = out
	}
	return text, faults
}

// tooLong leaves a long record alone that receivers use, and else begins anew.
func (m mending) tooLong(text string) (string, []fault) {
	fresh := "v=DMARC1; p=none"
	if m.mailbox != "" {
		fresh = Default(m.mailbox)
	}
	switch r := Parse(text); {
	case r.Duplicate != "":
		return fresh, []fault{{tagDuplicateRule, []string{r.Duplicate}}}
	case !r.Version:
		return fresh, []fault{{wrongContentRule, []string{text[:largeRecord]}}}
	}
	return text, nil
}

// Default is the record to begin with where there is none.
func Default(domain string) string {
	return "v=DMARC1; p=none; rua=mailto:dmarc@" + domain
}

var (
	zoneLinePattern = pattern.Lazy(`(?is)^(.*?\bTXT\s+[("\s]*)(v\s*=\s*DMARC1.*)$`)
	meantVersion    = pattern.Lazy(`(?i)v\s*=\s*dmarc`)
	tagsPattern     = `(` + strings.Join(knownTags, "|") + `)`
	missingPattern  = pattern.Lazy(`(?i)([^;\s,:=])[ \t]+` + tagsPattern + `([ \t]*=)`)
	wrongPattern    = pattern.Lazy(`(?i)([^;\s,:=])[ \t]*([,:])[ \t]*` + tagsPattern + `([ \t]*=)`)
	colonPattern    = pattern.Lazy(`(?i)^` + tagsPattern + `[\s:]+([^\s=]+)$`)
)

func mendZoneLine(_ mending, text string) (string, []string) {
	m := zoneLinePattern().FindStringSubmatch(text)
	if m == nil {
		return text, nil
	}
	return strings.TrimRight(m[2], "\") \t\r\n"), []string{strings.TrimSpace(m[1])}
}

// mendNonASCII drops what is no ASCII; spaces and semicolons of other alphabets
// become plain ones.
func mendNonASCII(_ mending, text string) (string, []string) {
	var out strings.Builder
	var first string
	for i, n, at := 0, 0, 1; i < len(text); i, at = i+n, at+1 {
		var c rune
		c, n = utf8.DecodeRuneInString(text[i:])
		if c < 0x80 {
			out.WriteByte(text[i])
			continue
		}
		if first == "" {
			first = fmt.Sprintf("U+%04X at character %d", c, at)
			if c == utf8.RuneError && n == 1 {
				first = fmt.Sprintf("the octet %02X at character %d", text[i], at)
			}
		}
		switch c {
		case 0xA0, 0x2002, 0x2003, 0x2009, 0x202F, 0x3000:
			out.WriteByte(' ')
		case 0xFF1B, 0x37E:
			out.WriteByte(';')
		}
	}
	if first == "" {
		return text, nil
	}
	return out.String(), []string{first}
}

func mendQuotes(_ mending, text string) (string, []string) {
	n := strings.Count(text, `"`)
	if n == 0 {
		return text, nil
	}
	return strings.Trim(strings.ReplaceAll(text, `"`, ""), "'"), []string{fmt.Sprint(n)}
}

func mendEscapes(_ mending, text string) (string, []string) {
	if !strings.Contains(text, `\;`) {
		return text, nil
	}
	return strings.ReplaceAll(text, `\;`, ";"), []string{`\;`}
}

// mendControls makes line breaks and controls a space. A tab is legal white
// space beside a separator only.
func mendControls(_ mending, text string) (string, []string) {
	i := strings.IndexFunc(text, control)
	if i < 0 {
		l := taglist.Parse(text)
		p := slices.IndexFunc(l.Parts, func(p taglist.Part) bool { return strings.ContainsRune(p.Name+p.Value, '\t') })
		if p < 0 {
			return text, nil
		}
		i = l.Parts[p].Start + strings.LastIndexByte(l.Raw(l.Parts[p]), '\t')
	}
	arg := fmt.Sprintf("U+%04X at character %d", text[i], utf8.RuneCountInString(text[:i])+1)
	spaced := strings.Map(func(c rune) rune {
		if control(c) || c == '\t' {
			return ' '
		}
		return c
	}, text)
	return strings.TrimRight(doubleSpace().ReplaceAllString(spaced, " "), " "), []string{arg}
}

var doubleSpace = pattern.Lazy(` {2,}`)

func control(c rune) bool { return c < 0x20 && c != '\t' || c == 0x7f }

func mendLeading(_ mending, text string) (string, []string) {
	at := len(text) - len(strings.TrimLeft(text, " \t"))
	if m := meantVersion().FindStringIndex(text); m != nil && !strings.Contains(text[:m[0]], "=") {
		at = m[0]
	}
	if at == 0 {
		return text, nil
	}
	what := fmt.Sprintf("%q", text[:at])
	if strings.TrimSpace(text[:at]) == "" {
		what = "white space"
	}
	return text[at:], []string{what}
}

func mendSeparatorWrong(_ mending, text string) (string, []string) {
	return separate(text, wrongPattern(), func(before string, m []string) bool {
		return m[2] == ":" && strings.HasSuffix(strings.ToLower(before+m[1]), "mailto")
	})
}

func mendSeparatorMissing(_ mending, text string) (string, []string) {
	return separate(text, missingPattern(), func(string, []string) bool { return false })
}

// separate puts a semicolon at each match of pattern, whose last two groups
// are the tag and its "=".
func separate(text string, pattern *regexp.Regexp, skip func(before string, m []string) bool) (string, []string) {
	var args []string
	from := 0
	for {
		loc := pattern.FindStringSubmatchIndex(text[from:])
		if loc == nil {
			return text, args
		}
		m := pattern.FindStringSubmatch(text[from:])
		start, end := from+loc[0], from+loc[1]
		if skip(text[:start], m) {
			from = end
			continue
		}
		tag := m[len(m)-2] + m[len(m)-1]
		if args == nil {
			args = []string{tag}
		}
		put := m[1] + "; "
		text = text[:start] + put + tag + text[end:]
		from = start + len(put) + len(tag)
	}
}

func mendVersionWrong(_ mending, text string) (string, []string) {
	l := taglist.Parse(text)
	if len(l.Parts) == 0 {
		return text, nil
	}
	p := l.Parts[0]
	if !p.HasEquals || !strings.EqualFold(p.Name, "v") || p.Value == "DMARC1" {
		return text, nil
	}
	return l.WithValue(p, "DMARC1"), []string{p.Value}
}

func mendVersionNotFirst(_ mending, text string) (string, []string) {
	l := taglist.Parse(text)
	i := slices.IndexFunc(l.Parts, func(p taglist.Part) bool { return p.HasEquals && strings.EqualFold(p.Name, "v") })
	if i <= 0 {
		return text, nil
	}
	rest := strings.TrimLeft(drop(text, func(p taglist.Part) bool { return p.Start == l.Parts[i].Start }), " \t;")
	return "v=DMARC1; " + rest, []string{strings.TrimSpace(l.Raw(l.Parts[0]))}
}

func mendVersionMissing(_ mending, text string) (string, []string) {
	if _, ok := taglist.Parse(text).GetFold("v"); ok {
		return text, nil
	}
	rest := strings.TrimLeft(text, " \t;")
	if rest == "" {
		return "v=DMARC1", []string{}
	}
	return "v=DMARC1; " + rest, []string{}
}

// mendMalformed repairs or drops parts without "=": an address behind the list
// of addresses joins it.
func mendMalformed(_ mending, text string) (string, []string) {
	var args []string
	for {
		l := taglist.Parse(text)
		i := slices.IndexFunc(l.Parts, func(p taglist.Part) bool {
			return (!p.HasEquals && p.Name != "") || (p.HasEquals && p.Name == "")
		})
		if i < 0 {
			return text, args
		}
		p := l.Parts[i]
		raw := strings.TrimSpace(l.Raw(p))
		if args == nil {
			args = []string{raw}
		}
		if m := colonPattern().FindStringSubmatch(raw); m != nil {
			if _, ok := l.GetFold(m[1]); !ok {
				text = replacePart(text, p, m[1]+"="+m[2])
				continue
			}
		}
		text = drop(text, func(q taglist.Part) bool { return q.Start == p.Start })
		if a := parseAddress(raw); a.Email != "" {
			text = addAddress(text, "rua", raw)
		}
	}
}

// aliases are names that people use for tags, beyond single slips of the hand.
var aliases = map[string]string{
	"policy": "p", "pol": "p", "action": "p", "subpolicy": "sp", "subdomain": "sp", "subdomainpolicy": "sp",
	"version": "v", "percent": "pct", "report": "rua", "reports": "rua", "mailto": "rua", "dkim": "adkim", "spf": "aspf",
}

func meantTag(name string) string {
	name = strings.ToLower(name)
	if slices.Contains(knownTags, name) {
		return ""
	}
	if t := aliases[name]; t != "" {
		return t
	}
	for _, t := range knownTags {
		if len(t) >= 3 && nearest.Distance(name, t) == 1 {
			return t
		}
	}
	return ""
}

func mendMisspelt(_ mending, text string) (string, []string) {
	var args []string
	for {
		l := taglist.Parse(text)
		i := slices.IndexFunc(l.Parts, func(p taglist.Part) bool { return p.HasEquals && meantTag(p.Name) != "" })
		if i < 0 {
			return text, args
		}
		p, tag := l.Parts[i], meantTag(l.Parts[i].Name)
		if args == nil {
			args = []string{fmt.Sprintf("%s= (meant is %s=)", p.Name, tag)}
		}
		if _, ok := l.GetFold(tag); ok {
			text = drop(text, func(q taglist.Part) bool { return q.Start == p.Start })
			continue
		}
		raw := l.Raw(p)
		text = text[:p.Start] + strings.Replace(raw, p.Name, tag, 1) + text[p.End:]
	}
}

// mendDuplicate keeps the first of two settings; of policies the weakest, of
// addresses all.
func mendDuplicate(_ mending, text string) (string, []string) {
	var args []string
	for {
		name := Parse(text).Duplicate
		if name == "" {
			return text, args
		}
		if args == nil {
			args = []string{name}
		}
		l := taglist.Parse(text)
		first, _ := l.GetFold(name)
		same := func(p taglist.Part) bool {
			return p.HasEquals && strings.EqualFold(p.Name, name) && p.Start != first.Start
		}
		i := slices.IndexFunc(l.Parts, same)
		second := l.Parts[i]
		text = drop(text, func(p taglist.Part) bool { return p.Start == second.Start })
		text = joinValue(text, name, second.Value)
	}
}

// joinValue brings a second value of a tag together with the first.
func joinValue(text, name, value string) string {
	switch name {
	case "p", "sp", "np":
		l := taglist.Parse(text)
		p, _ := l.GetFold(name)
		a, b := Policy(strings.ToLower(p.Value)), Policy(strings.ToLower(value))
		if strengths[b] > 0 && (strengths[a] == 0 || b.Weaker(a)) {
			return l.WithValue(p, value)
		}
	case "rua", "ruf":
		for _, a := range parseAddresses(value) {
			text = addAddress(text, name, a.Raw)
		}
	}
	return text
}

func mendPolicyInvalid(_ mending, text string) (string, []string) {
	r := Parse(text)
	if !r.P.Bad() {
		return text, nil
	}
	return setTag(text, "p", string(None)), []string{"p=" + r.P.Raw}
}

func mendSubdomainInvalid(_ mending, text string) (string, []string) {
	r := Parse(text)
	var args []string
	for _, w := range []struct {
		tag  string
		word Word
	}{{"sp", r.SP}, {"np", r.NP}} {
		if w.word.Bad() {
			text = dropTag(text, w.tag)
			if args == nil {
				args = []string{w.tag + "=" + w.word.Raw}
			}
		}
	}
	return text, args
}

func mendPolicyMissing(_ mending, text string) (string, []string) {
	r := Parse(text)
	if r.P.Present || r.Usable() {
		return text, nil
	}
	return insertPolicy(text), []string{}
}

func mendPolicyAssumed(_ mending, text string) (string, []string) {
	if Parse(text).P.Present {
		return text, nil
	}
	return insertPolicy(text), []string{}
}

// insertPolicy puts p=none behind the version, where old receivers want it.
func insertPolicy(text string) string {
	first, _, _ := strings.Cut(text, ";")
	head := strings.TrimRight(first, " \t")
	return head + "; p=none" + text[len(head):]
}

func mendModes(_ mending, text string) (string, []string) {
	var args []string
	for _, tag := range Parse(text).invalidModes {
		p, _ := taglist.Parse(text).GetFold(tag)
		if args == nil {
			args = []string{p.Name + "=" + p.Value}
		}
		text = dropTag(text, tag)
	}
	return text, args
}

// mendAddresses repairs entries that reporters ignore, and leaves the others
// as they are.
func mendAddresses(_ mending, text string) (string, []string) {
	var args []string
	for _, tag := range []string{"rua", "ruf"} {
		l := taglist.Parse(text)
		p, ok := l.GetFold(tag)
		if !ok {
			continue
		}
		var entries []string
		changed := false
		for entry := range strings.SplitSeq(p.Value, ",") {
			a := parseAddress(strings.Trim(entry, " \t"))
			if a.Fault == "" {
				entries = append(entries, entry)
				continue
			}
			changed = true
			entries = append(entries, repairedAddresses(a.Raw)...)
			if args == nil {
				args = []string{tag + " " + a.Raw + ": " + a.Fault}
			}
		}
		switch {
		case !changed:
		case len(entries) == 0:
			text = dropTag(text, tag)
		default:
			text = l.WithValue(p, strings.Join(entries, ","))
		}
	}
	return text, args
}

// repairedAddresses makes usable addresses of an entry, if there are any in it.
func repairedAddresses(entry string) []string {
	words := strings.Fields(entry)
	if strings.Count(entry, "@") == 1 {
		words = []string{strings.Join(words, "")}
	}
	var out []string
	for _, word := range words {
		if bare, ok := cutPrefixFold(word, "mailto:"); ok {
			word = bare
		}
		word = strings.Trim(strings.TrimPrefix(word, "//"), "<>")
		if a := parseAddress("mailto:" + word); a.Email != "" {
			out = append(out, a.Raw)
		}
	}
	return out
}

// mendWeaker drops sp= and np= that ask for less than p=.
func mendWeaker(m mending, text string) (string, []string) {
	r := Parse(text)
	var args []string
	weaker := r.SP.Policy != NoPolicy && r.SP.Policy.Weaker(r.P.Policy)
	if weaker {
		args = []string{fmt.Sprintf("p=%s and sp=%s", r.P.Policy, r.SP.Policy)}
		if !m.keepSP {
			text = dropTag(text, "sp")
		}
	}
	if r.NP.Policy != NoPolicy && r.NP.Policy != None && r.NP.Policy.Weaker(r.P.Policy) {
		if args == nil {
			args = []string{fmt.Sprintf("p=%s and np=%s", r.P.Policy, r.NP.Policy)}
		}
		if !m.keepSP {
			text = dropTag(text, "np")
		}
	}
	return text, args
}

func mendTest(_ mending, text string) (string, []string) {
	r := Parse(text)
	if !r.Test {
		return text, nil
	}
	return dropTag(text, "t"), []string{string(r.P.Policy.softer())}
}

func mendPct(_ mending, text string) (string, []string) {
	p, ok := taglist.Parse(text).GetFold("pct")
	if !ok {
		return text, nil
	}
	return dropTag(text, "pct"), []string{p.Value}
}

func mendPSD(m mending, text string) (string, []string) {
	if m.suffix || Parse(text).PSD != "y" {
		return text, nil
	}
	return dropTag(text, "psd"), []string{}
}

// mendStrict drops the modes that keep this mail from counting. It is told by
// the rule about the path, which knows the domains.
func mendStrict(m mending, text string) (string, []string) {
	for _, tag := range m.strict {
		text = dropTag(text, tag)
	}
	return text, nil
}

// mendDead drops addresses that get no reports, told by rules of their own. The
// last address of rua= gives way to one of the domain itself.
func mendDead(m mending, text string) (string, []string) {
	for _, tag := range []string{"rua", "ruf"} {
		l := taglist.Parse(text)
		p, ok := l.GetFold(tag)
		if !ok {
			continue
		}
		entries := strings.Split(p.Value, ",")
		kept := slices.DeleteFunc(slices.Clone(entries), func(e string) bool {
			return m.dead[strings.Trim(e, " \t")] != ""
		})
		switch {
		case len(kept) == len(entries):
		case len(kept) > 0:
			text = l.WithValue(p, strings.TrimLeft(strings.Join(kept, ","), " \t"))
		case tag == "rua":
			text = l.WithValue(p, "mailto:dmarc@"+m.mailbox)
		default:
			text = dropTag(text, tag)
		}
	}
	return text, nil
}

func mendReports(m mending, text string) (string, []string) {
	r := Parse(text)
	if r.HasRUA && len(r.RUA) > 0 {
		return text, nil
	}
	out := text
	if m.mailbox != "" {
		out = setTag(text, "rua", "mailto:dmarc@"+m.mailbox)
	}
	if !m.effective {
		return out, nil
	}
	return out, []string{}
}

// drop leaves out parts, and the semicolon that would then stand last where
// none stood before.
func drop(text string, which func(taglist.Part) bool) string {
	out := taglist.Parse(text).Without(which)
	if !strings.HasSuffix(strings.TrimRight(text, " \t"), ";") {
		out = strings.TrimRight(out, " \t;")
	}
	return out
}

func dropTag(text, name string) string {
	return drop(text, func(p taglist.Part) bool { return p.HasEquals && strings.EqualFold(p.Name, name) })
}

func replacePart(text string, p taglist.Part, with string) string {
	raw := text[p.Start:p.End]
	lead := raw[:len(raw)-len(strings.TrimLeft(raw, " \t"))]
	return text[:p.Start] + lead + with + text[p.End:]
}

// setTag changes the value of a tag, or adds the tag at the end.
func setTag(text, name, value string) string {
	l := taglist.Parse(text)
	if p, ok := l.GetFold(name); ok {
		return l.WithValue(p, value)
	}
	trimmed := strings.TrimRight(text, " \t")
	if strings.HasSuffix(trimmed, ";") {
		return trimmed + " " + name + "=" + value + ";"
	}
	return trimmed + "; " + name + "=" + value
}

// addAddress adds one entry to a list of addresses that does not hold it yet.
func addAddress(text, tag, entry string) string {
	l := taglist.Parse(text)
	p, ok := l.GetFold(tag)
	if !ok {
		return setTag(text, tag, entry)
	}
	if slices.ContainsFunc(parseAddresses(p.Value), func(a Address) bool { return strings.EqualFold(a.Raw, entry) }) {
		return text
	}
	if p.Value == "" {
		return l.WithValue(p, entry)
	}
	return l.WithValue(p, p.Value+","+entry)
}

// merge makes one record of several: the first, with the weakest policy of
// all, and what only the others have.
func merge(records []Record) string {
	text := records[0].Text
	for _, r := range records[1:] {
		for _, p := range r.List.Parts {
			if !p.HasEquals || strings.EqualFold(p.Name, "v") {
				continue
			}
			name := strings.ToLower(p.Name)
			if _, ok := taglist.Parse(text).GetFold(name); ok {
				text = joinValue(text, name, p.Value)
			} else if name != "sp" && name != "np" {
				text = setTag(text, name, p.Value)
			}
		}
	}
	return text
}

// lowered writes tags and their words in small letters.
func lowered(text string) string {
	l := taglist.Parse(text)
	for _, p := range l.Parts {
		name := strings.ToLower(p.Name)
		if !p.HasEquals || !slices.Contains(knownTags, name) {
			continue
		}
		at := p.Start + strings.Index(l.Raw(p), p.Name)
		text = text[:at] + name + text[at+len(name):]
		if name != "v" && name != "rua" && name != "ruf" {
			end := p.ValueStart + len(p.Value)
			text = text[:p.ValueStart] + strings.ToLower(p.Value) + text[end:]
		}
	}
	return text
}
