package wizard

import (
	"context"
	"strings"
	"time"

	"clockwise.info/cwmail/checks/dkim"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/provider"
	"clockwise.info/cwmail/checks/zone"
)

// How long the old key stays published behind a switch. Mail waits in queues for
// four to five days (RFC 5321 section 4.5.4.1), and some is verified again when
// it is fetched.
const (
	leastOverlap = 7 * 24 * time.Hour
	mostQueued   = 5 * 24 * time.Hour
	mostTTL      = 30 * 24 * time.Hour // a longer one is a mistake of somebody's
)

// overlap is how long the old key has to stay.
func (c dkimCase) overlap(ctx context.Context, old string) time.Duration {
	r := freshOf(c.World)
	if r == nil {
		return leastOverlap
	}
	a := r.Lookup(ctx, dns.Ask(dkim.RecordName(old, c.domain), dns.TypeTXT))
	return max(leastOverlap, mostQueued+min(a.TTL, mostTTL))
}

func dkimRetire() Step {
	return Step{
		ID: "retire", Title: "Old key",
		Ask: "The old key may go when no mail that it signed is under way any more.",
		Why: "Mail waits in queues for up to five days, and some programs verify a signature again when the mail is read. Whoever removes the old record too early makes such mail fail.\n\n" +
			"You may leave: this step is stored, and offered again.",
		Look: dkimRetireLook,
		Act: func(ctx context.Context, r *Run, _ func(View)) Outcome {
			c := dkimCaseOf(r)
			v := dkimRetireLook(ctx, r, func(View) {})
			switch v.State {
			case OK:
				return Outcome{View: &v}
			case Unknown:
				return Outcome{Problem: v.Said, View: &v}
			}
			if v.Blocked != "" {
				return Outcome{Problem: v.Blocked, View: &v}
			}
			if done, problem := c.demoRetire(v); problem != "" {
				return Outcome{Problem: problem}
			} else if done {
				return Outcome{View: &View{State: OK, Said: "The panel of the demo removes the record of " + c.Fact(factOld) + "."}}
			}
			return Outcome{Problem: "The record of " + c.Fact(factOld) + " still stands in DNS. Resolvers may remember it for a while; look again, or leave and come back.", View: &v}
		},
	}
}

// demoRetire lets the panel of the demo remove the record.
func (c dkimCase) demoRetire(v View) (done bool, problem string) {
	cards := v.Cards()
	if c.World.Panel == nil || c.World.Panel.Publish == nil || len(cards) == 0 {
		return false, ""
	}
	if err := c.World.Panel.Publish(cards[0].Record.Record, ""); err != nil {
		return false, "The panel of the demo did not take it: " + err.Error() + "."
	}
	return true, ""
}

func dkimRetireLook(ctx context.Context, r *Run, _ func(View)) View {
	c := dkimCaseOf(r)
	old, now, at := c.Fact(factOld), c.now(), stamped(c.Fact(factRetire))
	v := View{State: Busy, Enter: "I removed it"}
	if t := c.stillUsed(old); t != "" {
		v.State, v.Said = Warning, "The transport "+t+" still signs with "+old+": its record must stay."
		v.Blocked = v.Said + " Let " + t + " sign with the new key first."
		v.Blocks = []Block{Mark{Warning, v.Blocked}}
		return v
	}
	if now.Before(at) {
		v.Said = "The old key " + old + " may go on " + day(at, now) + ", and not before."
		v.Blocked = v.Said + " Leave the guide; it is stored, and offers this step then."
		v.Blocks = []Block{Mark{Busy, v.Said}, Pairs{
			{"Switched over", day(stamped(c.Fact(factSwitched)), now)},
			{"Old key may go", day(at, now)},
			{"Signs now", c.selector()},
		}, c.oldFile()}
		return v
	}
	return c.retiring(ctx, v, old)
}

// stillUsed is a transport that signs with the old key; "" where none does.
func (c dkimCase) stillUsed(old string) string {
	for _, t := range dkimUsers(c.Run, c.domain) {
		if t.DKIM.Enabled && strings.EqualFold(t.DKIM.Selector, old) {
			return t.Name
		}
	}
	return ""
}

// oldFile says what becomes of the old private key.
func (c dkimCase) oldFile() Block {
	file := c.Fact(factOldFile)
	if file == "" {
		return Para("The private half of the old key is not stored here.")
	}
	return Para("The file of the old private key is left alone: " + file + ". Delete it yourself when its record is gone.")
}

// retiring shows what is to be removed, and whether it is gone.
func (c dkimCase) retiring(ctx context.Context, v View, old string) View {
	r := freshOf(c.World)
	if r == nil {
		v.State, v.Said = Unknown, "DNS cannot be asked here."
		return v
	}
	a := r.Lookup(ctx, dns.Ask(dkim.RecordName(old, c.domain), dns.TypeTXT))
	texts := a.Texts()
	switch {
	case a.Status == dns.Failed && len(a.Chain) == 0:
		v.State, v.Said = Unknown, "The record of "+old+" could not be looked up: "+a.Reason()+". That is no verdict; look again."
		v.Blocks = []Block{Mark{Unknown, v.Said}}
		return v
	case a.Void() && len(a.Chain) == 0, c.wild(ctx, a), len(texts) == 1 && revoked(texts[0]):
		v.State, v.Enter, v.Said = OK, "", "The old key "+old+" is gone."
		if len(texts) == 1 && revoked(texts[0]) {
			v.Said = "The old key " + old + " is revoked: its p= is empty."
		}
		v.Blocks = []Block{Mark{OK, v.Said}, c.oldFile()}
		return v
	}
	v.State, v.Said = Todo, "Now remove "+old+": no mail that it signed should be under way any more."
	v.Blocks = append(v.Blocks, Mark{Todo, v.Said})
	z := zone.Lookup(ctx, r, c.domain)
	var hosts []string
	for _, s := range z.Servers {
		hosts = append(hosts, s.Name)
	}
	for _, rec := range oldRecords(a) {
		v.Blocks = append(v.Blocks, Card{
			Record: provider.Record{Record: rec, Zone: z.Apex}, Panel: provider.Entry(provider.Detect(hosts), rec, z.Apex), Was: *rec.Replaces,
			Undo: "Add the record again.",
		})
	}
	if len(texts) == 1 && len(a.Chain) == 0 {
		empty := finding.Record{Name: a.Question.Name, Type: "TXT", Value: "v=DKIM1; p=", Replaces: &texts[0]}
		v.Blocks = append(v.Blocks, Para("Or keep the record and empty its p=: that says to every receiver that the key is revoked (RFC 6376 section 3.6.1). The value is then: "+empty.Value))
	}
	v.Blocks = append(v.Blocks, c.oldFile())
	return v
}

// revoked says that a key record has an empty p= (RFC 6376 section 3.6.1).
func revoked(text string) bool {
	p, ok := dkim.Parse(text).Tag("p")
	return ok && strings.TrimSpace(p) == ""
}

// oldRecords are the records that go.
func oldRecords(a dns.Answer) (out []finding.Record) {
	if len(a.Chain) > 0 {
		return []finding.Record{{Name: a.Question.Name, Type: "CNAME", Replaces: &a.Chain[0], Remove: true}}
	}
	for _, t := range a.Texts() {
		t = shown(t)
		out = append(out, finding.Record{Name: a.Question.Name, Type: "TXT", Replaces: &t, Remove: true})
	}
	return out
}
