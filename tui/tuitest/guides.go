package tuitest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/propagation"
	"clockwise.info/cwmail/checks/provider"
	"clockwise.info/cwmail/checks/wizard"
)

// Shelf keeps runs of wizards in memory.
type Shelf struct {
	mu   sync.Mutex
	runs map[string][]byte
}

// World is a world for wizards that keeps their runs on the shelf.
func (s *Shelf) World() wizard.World {
	return wizard.World{Now: func() time.Time { return Noon }, Keep: s.keep}
}

func (s *Shelf) keep(name string, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.runs == nil {
		s.runs = map[string][]byte{}
	}
	if s.runs[name] = data; data == nil {
		delete(s.runs, name)
	}
	return nil
}

// Left are the runs on the shelf, by name.
func (s *Shelf) Left() (out []wizard.Saved) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(s.runs)) {
		var x wizard.Saved
		if json.Unmarshal(s.runs[name], &x) == nil {
			out = append(out, x)
		}
	}
	return out
}

// Text is all that is kept.
func (s *Shelf) Text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf("%s", s.runs)
}

// Wizards are invented guides that have every kind of block and field.
func Wizards() []*wizard.Wizard { return []*wizard.Wizard{publishing(), filling()} }

// publishing leads to a record: its blocks are those of a real one.
func publishing() *wizard.Wizard {
	waited := 0
	return &wizard.Wizard{
		ID: "spf", Title: "Let ClockWise send for your domain (SPF)",
		About:   "Adds ClockWise to the servers that may send mail for your domain, without harm to the mail that arrives today.",
		Subject: func(r *wizard.Run) string { return r.Given("domain") },
		Steps: []wizard.Step{
			{
				ID: "domain", Title: "Domain", Ask: "Which domain stands in the From address of the mail?",
				Why: "SPF lists the servers that may send mail for your domain.",
				Fields: func(*wizard.Run) []wizard.Field {
					return []wizard.Field{{ID: "domain", Label: "Domain", Help: "The part behind the @, for example acme.example.", Check: domain}}
				},
			},
			{
				ID: "record", Title: "Record", Ask: "This is what is there now.",
				Why:  "Receivers ask DNS for each include.\n\nAfter 10 questions they stop, and SPF fails for all your mail. cwmail counts them.",
				Look: lookAtRecord,
			},
			{
				ID: "publish", Title: "Add the record", Ask: "Add ClockWise to the SPF record you have. Do not add a second record: with two, SPF fails for all mail.",
				Why:  "ClockWise is not in the list, so its mail fails SPF.",
				Look: proposeRecord,
			},
			{
				ID: "wait", Title: "Wait", Ask: "Wait until every name server has the record.",
				Why: "DNS servers remember answers. The old answer can stay for up to 60 minutes.",
				Look: func(_ context.Context, r *wizard.Run, emit func(wizard.View)) wizard.View {
					waited++
					return waitForRecord(r, waited > 1, emit)
				},
			},
			{
				ID: "prove", Title: "Prove it", Ask: "The last look at everything.", Why: "What is published is tried out as receivers would do it.",
				Look: func(context.Context, *wizard.Run, func(wizard.View)) wizard.View {
					return wizard.View{State: wizard.OK, Said: "All 16 addresses pass.", Enter: "finish", Blocks: []wizard.Block{
						wizard.Findings{{Rule: spfLimit}},
						wizard.Heading("What the server said"),
						wizard.Conversation{"S> 220 mail.acme.example ESMTP", "C> EHLO out.example.net", "S> 250 mail.acme.example"},
						wizard.Heading("The same without the console"),
						wizard.Command("cwmail check acme.example"),
					}}
				},
				Act: func(_ context.Context, _ *wizard.Run, emit func(wizard.View)) wizard.Outcome {
					emit(wizard.View{Said: "Writing it down."})
					return wizard.Outcome{Facts: map[string]string{"goto": "transport"}}
				},
			},
		},
	}
}

func domain(_ *wizard.Run, v string) (string, string) {
	v = strings.TrimSuffix(strings.ToLower(v), ".")
	if !strings.Contains(v, ".") {
		return "", "'" + v + "' is not a domain: it needs a dot, e.g. acme.example."
	}
	return v, ""
}

func lookAtRecord(_ context.Context, r *wizard.Run, emit func(wizard.View)) wizard.View {
	v := wizard.View{State: wizard.Busy, Said: "Asking DNS for the SPF record of " + r.Given("domain") + "."}
	emit(v)
	v.State, v.Said = wizard.OK, "One SPF record is there, and it does not name ClockWise."
	v.Blocks = []wizard.Block{
		wizard.Pairs{{Label: "Record", Text: "v=spf1 mx include:spf.protection.outlook.com include:spf.mailer.example -all"}, {Label: "Name servers", Text: "ns1.dns.example, ns2.dns.example"}},
		wizard.Heading("Everything that it leads to"),
		wizard.Tree{
			{Text: "v=spf1 mx include:spf.protection.outlook.com include:spf.mailer.example -all", State: wizard.OK},
			{Depth: 1, Text: "mx", Cost: "1 look-up", State: wizard.OK},
			{Depth: 1, Text: "include:spf.protection.outlook.com", Cost: "1 look-up", State: wizard.OK},
			{Depth: 2, Text: "ip4:192.0.2.0/24", State: wizard.OK},
			{Depth: 1, Text: "include:spf.mailer.example", Cost: "4 look-ups", State: wizard.Warning, Note: "one of its includes leads nowhere: old.mailer.example has no record"},
		},
		wizard.Budget{Label: "Look-ups", Used: 6, Of: 10, Text: "6 of 10"},
		wizard.Budget{Label: "Empty answers", Used: 2, Of: 2, Text: "2 of 2"},
	}
	return v
}

// merged is the SPF record that the invented guide proposes.
const merged = "v=spf1 mx include:spf.protection.outlook.com include:spf.mailer.example include:_spf.clockwise.info -all"

func proposeRecord(_ context.Context, r *wizard.Run, _ func(wizard.View)) wizard.View {
	old := strings.Replace(merged, " include:_spf.clockwise.info", "", 1)
	rec := provider.NewRecord(r.Given("domain"), r.Given("domain"), merged)
	rec.Replaces = &old
	key := provider.NewRecord("cw1._domainkey."+r.Given("domain"), r.Given("domain"), Key)
	return wizard.View{State: wizard.Todo, Enter: "I changed it", Blocks: []wizard.Block{
		wizard.Changes{Of: "term, and its look-ups", Before: "before", After: "after", List: []wizard.Change{
			{What: "same", Term: "v=spf1", Before: "-", After: "-"},
			{What: "same", Term: "mx", Before: "1", After: "1"},
			{What: "same", Term: "include:spf.protection.outlook.com", Before: "1", After: "1"},
			{What: "change", Term: "include:spf.mailer.example", Before: "4", After: "3", Reason: "old.mailer.example leads nowhere"},
			{What: "add", Term: "include:_spf.clockwise.info", Before: "-", After: "1"},
			{What: "same", Term: "-all", Before: "-", After: "-"},
		}},
		wizard.Budget{Label: "Budget before", Used: 6, Of: 10, Text: "6 of 10 look-ups"},
		wizard.Budget{Label: "Budget after", Used: 12, Of: 10, Text: "12 of 10 look-ups, 2 too many"},
		wizard.Card{Record: rec, Panel: provider.Entry(provider.Detection{}, rec.Record, rec.Zone), Undo: "publish the old value again (C copies both values)"},
		wizard.Card{Record: key, Panel: provider.Entry(provider.Detect([]string{"ns0.transip.net"}), key.Record, key.Zone)},
		wizard.Mark{State: wizard.OK, Text: "tried out: 16 of 16 addresses pass (now 0 of 16)"},
		wizard.Mark{State: wizard.Note, Text: "all that passed before passes still"},
	}}
}

func waitForRecord(r *wizard.Run, published bool, emit func(wizard.View)) wizard.View {
	want := checks.Wanted{Subject: checks.WaitSPF, Domain: r.Given("domain")}
	wait := Wait
	if published {
		wait = Waited
	}
	v := wizard.View{State: wizard.Busy, Blocked: "2 of 3 name servers do not have the record yet."}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	wait(ctx, want, func(p propagation.Report) {
		v.Blocks = []wizard.Block{wizard.Servers{Want: want, Include: "_spf.clockwise.info", Report: p}}
		v.Said = "Waiting for ns2.dns.example and ns3.dns.example."
		emit(v)
	})
	if published {
		v.State, v.Said, v.Blocked = wizard.OK, "Every name server has the record.", ""
	}
	return v
}

// filling asks for much: its fields are of every kind.
func filling() *wizard.Wizard {
	ports := []wizard.Option{}
	for n := range 14 {
		ports = append(ports, wizard.Option{Value: fmt.Sprint(2500 + n), Label: fmt.Sprintf("port %d", 2500+n)})
	}
	return &wizard.Wizard{
		ID: "transport", Title: "Set up a mail transport", About: "Says which mail leaves over which server.",
		Subject: func(r *wizard.Run) string { return r.Given("name") },
		Steps: []wizard.Step{
			{
				ID: "mail", Title: "Mail", Ask: "Which mail is it, and which server takes it?",
				Why: "Each mail leaves over the transport whose rule fits best.",
				Fields: func(r *wizard.Run) []wizard.Field {
					out := []wizard.Field{
						{ID: "name", Label: "Name", Help: "What it is called in lists, for example Invoices."},
						{ID: "match", Label: "Addresses", Help: "Whose mail it takes, for example *@acme.example.", Default: "*@" + strings.ToLower(r.Given("name")) + ".example", Optional: true},
						{ID: "type", Label: "Type", Kind: wizard.Choice, Default: "clockwise", Help: "Who delivers the mail.", Options: []wizard.Option{
							{Value: "clockwise", Label: "ClockWise server", Help: "ClockWise delivers it to the receiver's server."},
							{Value: "smtp", Label: "external SMTP", Help: "A server of yours takes it, with a password."},
							{Value: "", Label: "none"},
						}},
					}
					if r.Given("type") == "smtp" {
						out = append(
							out, wizard.Field{ID: "port", Label: "Port", Kind: wizard.Choice, Default: "2507", Options: ports},
							wizard.Field{ID: "password", Label: "Password", Kind: wizard.Secret, Help: "It is stored nowhere."},
						)
					}
					return out
				},
				Notes: func(r *wizard.Run) []wizard.Mark {
					if r.Answer("match") == "" {
						return []wizard.Mark{{State: wizard.Warning, Text: "It takes all mail that no other transport takes."}}
					}
					return []wizard.Mark{{State: wizard.OK, Text: "Takes the mail of " + r.Answer("match") + "."}}
				},
			},
			{
				ID: "confirm", Title: "Confirm", Ask: "This is what will change. Nothing is written before you say so.", Why: "It can be undone.",
				Look: func(_ context.Context, r *wizard.Run, _ func(wizard.View)) wizard.View {
					return wizard.View{Enter: "write it", Blocks: []wizard.Block{
						wizard.Para("The file is written at once, and the old one is kept beside it."),
						wizard.Changes{Of: r.Given("name"), Before: "now", After: "then", List: []wizard.Change{
							{What: "change", Term: "server", Before: "mail.with-a-long-name.acme.example, port 25", After: "smtp.with-a-long-name.acme.example, port 587"},
							{What: "remove", Term: "reply-to", Before: "eva@acme.example"},
						}},
					}}
				},
				Act: func(ctx context.Context, r *wizard.Run, emit func(wizard.View)) wizard.Outcome {
					switch r.Given("name") {
					case "slow":
						emit(wizard.View{Said: "Writing, slowly."})
						<-ctx.Done()
						return wizard.Outcome{Problem: "It was stopped before it was written."}
					case "broken":
						panic(errors.New("no pen"))
					case "refused":
						return wizard.Outcome{Problem: "Somebody else changed it meanwhile. Look again."}
					}
					return wizard.Outcome{Facts: map[string]string{"written": "yes"}}
				},
			},
		},
	}
}
