package wizard

import (
	"cmp"
	"context"
	"crypto/rsa"
	"errors"
	"io/fs"
	"strconv"
	"strings"

	"clockwise.info/cwmail/checks/dkim"
	"clockwise.info/cwmail/checks/zone"
	"clockwise.info/cwmail/transports"
)

func dkimKey() Step {
	return Step{
		ID: "key", Title: "Key",
		Ask: "The key gets a name of its own, the selector, and is made here.",
		Why: "A domain can have many keys, one for each service that signs. The selector tells them apart: it stands in each signature and in the name of the DNS record.\n\n" +
			"The private half is stored in a file that only you can read, and is never shown. The public half goes into DNS.",
		Fields: dkimKeyFields,
		Notes:  dkimKeyNotes,
		Look:   dkimKeyLook,
		Act:    dkimKeyAct,
	}
}

// signsRSA says that the transport signs with an RSA key already.
func (c dkimCase) signsRSA() bool {
	_, is := c.t.DKIM.Key.Public.(*rsa.PublicKey)
	return is && c.signing() != ""
}

// idle is the key that the transport has and does not use: it was made before.
func (c dkimCase) idle() bool {
	d := c.t.DKIM
	return c.configured && !d.Enabled && d.Selector != "" && d.KeyFile != "" && d.Key.Private != nil
}

func dkimKeyFields(r *Run) []Field {
	c := dkimCaseOf(r)
	if c.held() {
		return nil
	}
	selector := Field{
		ID: "selector", Label: "Selector", Help: "A short name for this key, for example cw1. The proposed one is free.",
		Default: c.proposed(), Check: dkimCheckSelector,
	}
	types := Field{
		ID: "type", Label: "Key type", Kind: Choice, Default: rsa2048,
		Help: "RSA with 2048 bits is right for nearly everybody.",
		Options: []Option{
			{rsa2048, "RSA, 2048 bits", "Every receiver verifies it, and every panel takes its record of about 410 characters."},
			{rsa4096, "RSA, 4096 bits", "Not needed today. The record has about 750 characters: some panels refuse or cut it, and the answer is too large for a simple DNS packet."},
		},
	}
	if c.signsRSA() || c.made() && c.Fact(factKind) == ed25519 {
		types.Options = append(types.Options, Option{
			ed25519, "Ed25519, beside your RSA key",
			"A short record. Some receivers, large ones among them, do not verify it (RFC 8463), so the RSA key " + cmp.Or(c.signing(), c.Fact(factBeside)) + " goes on signing.",
		})
	}
	return []Field{selector, types}
}

// proposed is the selector that stands in the field.
func (c dkimCase) proposed() string {
	if c.made() {
		return c.selector()
	}
	if c.idle() {
		return c.t.DKIM.Selector
	}
	if seen, ok := c.View().Value.(Selectors); ok && seen.Free != "" {
		return seen.Free
	}
	if all := c.candidates(); len(all) > 0 {
		return all[0]
	}
	return ""
}

func dkimCheckSelector(r *Run, value string) (clean, problem string) {
	c := dkimCaseOf(r)
	s := strings.ToLower(strings.TrimSuffix(value, "."))
	// The name of the record, as people paste it.
	s, _, _ = strings.Cut(s, "._domainkey")
	if problem = badSelector(s, c.domain); problem != "" {
		return "", problem
	}
	if c.mine(s) {
		return s, ""
	}
	for _, t := range dkimUsers(r, c.domain) {
		if strings.EqualFold(t.DKIM.Selector, s) {
			return "", "'" + s + "' is the selector of the transport " + t.Name + ". A new key needs a name of its own" + c.instead(s) + "."
		}
	}
	if seen, ok := r.View().Value.(Selectors); ok && seen.Taken[s] != "" {
		return "", seen.Taken[s] + " Choose another selector" + c.instead(s) + "."
	}
	return s, ""
}

// mine says that the key of a selector was made for this run, or for its
// transport before.
func (c dkimCase) mine(selector string) bool {
	return strings.EqualFold(selector, c.selector()) || c.idle() && strings.EqualFold(selector, c.t.DKIM.Selector)
}

// instead names a free selector.
func (c dkimCase) instead(than string) string {
	if seen, ok := c.View().Value.(Selectors); ok && seen.Free != "" && seen.Free != than {
		return ", for example " + seen.Free
	}
	return ""
}

func dkimKeyNotes(r *Run) []Mark {
	c := dkimCaseOf(r)
	var out []Mark
	switch r.Answer("type") {
	case rsa4096:
		out = append(out, Mark{Warning, "Many panels take at most 255 characters in one piece, and a few refuse what is longer than 500. With 2048 bits there is no such trouble, and no receiver asks for more."})
	case ed25519:
		out = append(out, Mark{Warning, "Some receivers do not verify Ed25519: for them such a signature alone counts as none. So the transport goes on signing with its RSA key, and this one stands beside it."})
	}
	if !c.signsRSA() && !c.held() && r.Answer("type") != ed25519 {
		out = append(out, Mark{Note, "Ed25519 keys are offered only beside an RSA key that signs already: some receivers, large ones among them, do not verify Ed25519."})
	}
	if s := r.Answer("selector"); s != "" && !c.mine(s) {
		if _, problem := dkimCheckSelector(r, s); problem != "" {
			out = append(out, Mark{Failure, problem})
		}
	}
	return out
}

func dkimKeyLook(ctx context.Context, r *Run, _ func(View)) View {
	c := dkimCaseOf(r)
	var v View
	if v = c.exists(ctx); v.Blocked != "" {
		return v
	}
	if c.held() {
		d := c.t.DKIM
		v.State, v.Said = OK, "ClockWise holds the key of selector "+d.Selector+"; no key is made."
		v.Blocks = append(v.Blocks,
			Para("ClockWise signs the mail of "+c.t.Name+" with a key that it made itself, and only ClockWise has its private half. Your configuration has the public half, and that is what DNS needs."),
			Pairs{{"Selector", d.Selector}, {"Key", keySays(c.t.DKIM.Key)}})
		return v
	}
	// What is not there yet must not be remembered: soon it will be there.
	seen := LookupSelectors(ctx, freshOf(c.World), c.domain, c.candidates())
	v.Value = seen
	for _, s := range c.candidates() {
		if seen.Taken[s] != "" {
			v.Blocks = append(v.Blocks, Mark{Note, seen.Taken[s]})
		}
	}
	if now := c.signing(); now != "" {
		v.Blocks = append(v.Blocks, Para(c.t.Name+" signs with selector "+now+" until the new key is proven. Mail on its way needs the old record a while longer; the last step tells until when."))
	}
	if p := c.t.DKIM.Key.Problem; p != transports.KeyOK && c.configured {
		v.Blocks = append(v.Blocks, Mark{Warning, "The key file of " + c.t.Name + " cannot be used: " + c.t.DKIM.Key.Detail + ". A new key at a new selector takes its place; the file is left alone."})
	}
	switch {
	case c.made():
		v.State, v.Said = OK, "The key of selector "+c.selector()+" was made and is used: "+c.Fact(factKeyFile)
	case c.idle():
		v.State, v.Said = OK, "The transport has a key already, of selector "+c.t.DKIM.Selector+": it is used, and none is made."
	case seen.Unknown != "":
		v.State, v.Said = Unknown, "It could not be looked up which selectors are free: "+seen.Unknown+". That is no verdict; look again."
	default:
		v.State, v.Said = Todo, "Selector "+seen.Free+" is free."
	}
	if v.State == Unknown {
		v.Blocks = append(v.Blocks, Mark{Unknown, v.Said})
	}
	return v
}

// exists blocks where the domain does not exist.
func (c dkimCase) exists(ctx context.Context) (v View) {
	if c.World.Resolver == nil {
		return v
	}
	z := zone.Lookup(ctx, c.World.Resolver, c.domain)
	name := cmp.Or(z.Registered, c.domain)
	if z.RegisteredExists == zone.Missing {
		v.State, v.Said = Failure, name+" does not exist in DNS."
		v.Blocked = name + " does not exist in DNS. Go back and look at how it is written; a new domain has to be registered first."
		v.Blocks = []Block{Mark{Failure, v.Blocked}}
	}
	return v
}

// keySays is the kind of a key.
func keySays(k transports.Key) string {
	if rsaKey, ok := k.Public.(*rsa.PublicKey); ok {
		return "RSA, " + strconv.Itoa(rsaKey.N.BitLen()) + " bits"
	}
	if dkim.KeyType(k.Public) == "ed25519" {
		return "Ed25519"
	}
	return "not known"
}

// dkimKeyAct makes the pair, or takes the one that was made before.
func dkimKeyAct(ctx context.Context, r *Run, _ func(View)) Outcome {
	c := dkimCaseOf(r)
	selector, kind := strings.ToLower(r.Answer("selector")), r.Answer("type")
	switch {
	case c.held():
		return c.took(c.t.DKIM.Selector, "", transports.DKIM{Key: c.t.DKIM.Key})
	case strings.EqualFold(selector, c.selector()):
		if kind != c.Fact(factKind) && c.Fact(factKind) != "" {
			return Outcome{Problem: "A key of another type was made for " + selector + " already, and a key is never overwritten. Choose another selector for the new type, or go on with that key."}
		}
		return c.again()
	case c.idle() && strings.EqualFold(selector, c.t.DKIM.Selector):
		return c.took(c.t.DKIM.Selector, "", c.t.DKIM)
	case c.World.NewKey == nil:
		return Outcome{Problem: "Keys cannot be made here. On another machine \"cwmail dkim new " + c.domain + "\" makes one."}
	case kind == ed25519 && !c.signsRSA():
		return Outcome{Problem: "An Ed25519 key is made only beside an RSA key that signs already: some receivers do not verify Ed25519. Choose RSA."}
	}
	seen := LookupSelectors(ctx, freshOf(c.World), c.domain, []string{selector})
	switch {
	case seen.Taken[selector] != "":
		return Outcome{Problem: seen.Taken[selector] + " Choose another selector."}
	case seen.Unknown != "":
		return Outcome{Problem: "It could not be looked up whether " + selector + " is free: " + seen.Unknown + ". Try again in a minute; no key was made."}
	}
	d, err := c.World.NewKey(c.domain, selector, kind)
	if err != nil && errors.Is(err, fs.ErrExist) && d.KeyFile != "" {
		return c.found(selector, kind, d.KeyFile)
	}
	if err != nil {
		return Outcome{Problem: "The key could not be made or stored: " + err.Error() + ". Nothing was overwritten."}
	}
	return c.took(selector, kind, d)
}

// again goes on with the key of this run, whose file must still be there.
func (c dkimCase) again() Outcome {
	file := c.Fact(factKeyFile)
	key, ok := c.load(file)
	switch {
	case !ok:
	case key.Public == nil:
		return Outcome{Problem: "The key that was made before cannot be read any more: " + cmp.Or(key.Detail, file) + ". Choose another selector for a new key."}
	case publicText(key.Public) != c.Fact(factPublic):
		return Outcome{Problem: file + " holds another key than the one that was made for this guide. Choose another selector for a new key; the file is left alone."}
	}
	return Outcome{}
}

// found takes a file that is there already, of a run that was cut off before it
// could note it. Only a key of the asked kind at a free selector gets here.
func (c dkimCase) found(selector, kind, file string) Outcome {
	key, _ := c.load(file)
	if key.Private == nil || kindOf(key) != kind {
		return Outcome{Problem: file + " exists already and is no such key. It is left alone; choose another selector."}
	}
	return c.took(selector, kind, transports.DKIM{Selector: selector, KeyFile: file, Key: key})
}

// kindOf is the kind of a key as NewKey takes it; "" for others.
func kindOf(k transports.Key) string {
	if rsaKey, ok := k.Public.(*rsa.PublicKey); ok {
		return "rsa" + strconv.Itoa(rsaKey.N.BitLen())
	}
	return dkim.KeyType(k.Public)
}

// took notes a key.
func (c dkimCase) took(selector, kind string, d transports.DKIM) Outcome {
	public := d.Key.Public
	if public == nil {
		public = dkim.DecodeKey(d.PublicKey).Public
	}
	if key, ok := c.load(d.KeyFile); ok && public == nil {
		public = key.Public
	}
	text := publicText(public)
	if text == "" {
		return Outcome{Problem: "The public half of the key of " + selector + " could not be read."}
	}
	facts := map[string]string{
		factKeyDomain: c.domain, factSelector: selector, factKind: kind, factKeyFile: d.KeyFile, factPublic: text,
		factWas: "", factBeside: "", factOld: "", factOldFile: "", factCaches: "", factProved: "", factSwitched: "", factRetire: "",
	}
	switch now := c.signing(); {
	case now == "" || strings.EqualFold(now, selector):
	case kind == ed25519:
		facts[factBeside] = now
	default:
		facts[factOld], facts[factOldFile] = now, c.t.DKIM.KeyFile
	}
	return Outcome{Facts: facts}
}
