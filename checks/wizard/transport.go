package wizard

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"clockwise.info/cwmail/checks/settings"
	"clockwise.info/cwmail/transports"
)

// What the guide of transports does with one, the answers of its field "do".
const (
	doAdd     = "add"
	doEdit    = "edit"
	doCopy    = "copy"
	doRemove  = "remove"
	doDefault = "default"
	doMove    = "move"
)

// Transport is the guide that adds, changes, copies, removes and orders
// transports. Its answers "do" and "of" may be given beforehand.
func Transport() *Wizard {
	return &Wizard{
		ID: "transport", Title: "Set up a mail transport",
		About:   "Adds, changes, copies, removes or orders the ways in which ClockWise mail leaves.",
		Subject: func(r *Run) string { return cmp.Or(r.Given("name"), r.Given("of")) },
		Steps: []Step{
			{
				ID: "what", Title: "What", Ask: "What do you want to do, and with which transport?",
				Why:    "A mail transport is a way in which ClockWise mail leaves. Each one says which mail it takes; what none takes leaves by the built-in default, the ClockWise server.",
				Fields: whatFields, Next: nextOf(map[string]string{doRemove: "confirm", doDefault: "confirm", doMove: "place"}, "takes"),
			},
			{
				ID: "place", Title: "Place", Ask: "Where in the list does it stand?",
				Why:    "The place only counts between transports that match exactly the same mail: the first one takes it. Else the most specific match wins, wherever it stands.",
				Fields: placeFields, Next: nextOf(nil, "confirm"),
			},
			{
				ID: "takes", Title: "Mail", Ask: "How does this mail leave, and which mail is it?",
				Why: "ClockWise server: the mail leaves from ClockWise, with your own address as sender; your DNS must allow that. " +
					"No-reply address: the sender is ClockWise's own address, and your DNS needs nothing. External SMTP server: your own server sends.\n\n" +
					"Empty fields match everything. A local part is what stands before the @.",
				Fields: takesFields, Notes: takesNotes,
			},
			{
				ID: "sender", Title: "Sender", Ask: "Which addresses stand on the mail?",
				Why:    "The sender address is used for examinations and test mails. The envelope sender (MAIL FROM) gets the bounces; leave it empty where it is the sender address.",
				Fields: senderFields, Next: nextSender,
			},
			{
				ID: "server", Title: "Server", Ask: "Which server takes the mail, and how?",
				Why: "The manager of the server knows these. Port 587 with STARTTLS and a login is usual; 465 speaks TLS from the start; 25 without a login is for a relay that knows ClockWise by its addresses, as Office 365 does.\n\n" +
					"The server must be reachable from ClockWise, and one account must be allowed to send for all users of the domain.",
				Fields: serverFields, Notes: serverNotes, Next: nextServer,
			},
			{
				ID: "login", Title: "Login", Ask: "With which account, and where is its password?",
				Why: "A command, an environment variable or the keyring keeps the password out of the configuration file. ClockWise itself stores it as clear text; " +
					"your security policy must allow that.",
				Fields: loginFields, Notes: loginNotes, Act: storePassword, Next: nextOf(nil, "confirm"),
			},
			{
				ID: "confirm", Title: "Confirm", Ask: "This is what will change. Nothing is written before you say so.",
				Why:    "The file keeps its comments and its order, and a copy of it as it was is kept. A change can be undone.",
				Fields: clashFields, Look: lookAtChange, Act: changeTransport,
			},
		},
	}
}

func nextOf(by map[string]string, other string) func(*Run) string {
	return func(r *Run) string { return cmp.Or(by[r.Given("do")], other) }
}

func nextSender(r *Run) string {
	if transports.Type(r.Given("type")) == transports.SMTP {
		return "server"
	}
	return "confirm"
}

func nextServer(r *Run) string {
	if cmp.Or(r.Given("smtp.auth"), "none") != "none" {
		return "login"
	}
	return "confirm"
}

func (r *Run) transports() []transports.Transport {
	if r.World.Transports == nil {
		return nil
	}
	return r.World.Transports()
}

// original is the transport that is changed or copied; for a new one a zero one.
func (r *Run) original() transports.Transport {
	if r.Given("do") == doAdd {
		return transports.Transport{}
	}
	for _, t := range r.transports() {
		if t.Name == r.Given("of") {
			return t
		}
	}
	return transports.Transport{}
}

func whatFields(r *Run) []Field {
	all := r.transports()
	do := Field{ID: "do", Label: "Do", Kind: Choice, Default: doAdd, Options: []Option{{Value: doAdd, Label: "add a transport"}}}
	if len(all) == 0 {
		return []Field{do}
	}
	do.Options = append(
		do.Options, Option{Value: doEdit, Label: "change one"}, Option{Value: doCopy, Label: "copy one", Help: "the copy can then be changed"},
		Option{Value: doRemove, Label: "remove one"}, Option{Value: doDefault, Label: "make one the default", Help: "it then takes all mail that no more specific one takes"},
		Option{Value: doMove, Label: "move one in the list"},
	)
	if cmp.Or(r.Given("do"), doAdd) == doAdd {
		return []Field{do}
	}
	of := Field{ID: "of", Label: "Transport", Kind: Choice, Help: "One of those in the configuration."}
	for _, t := range all {
		of.Options = append(of.Options, Option{Value: t.Name, Label: t.Name, Help: t.Match.String()})
	}
	of.Default = of.Options[0].Value
	return []Field{do, of}
}

func placeFields(r *Run) []Field {
	f := Field{ID: "place", Label: "Place", Help: "1 is the first one.", Check: func(r *Run, v string) (string, string) {
		n := len(r.transports())
		if i, err := strconv.Atoi(v); err != nil || i < 1 || i > n {
			return "", "'" + v + "' is no place: write a number from 1 to " + strconv.Itoa(n) + "."
		}
		return v, ""
	}}
	if i := slices.IndexFunc(r.transports(), func(t transports.Transport) bool { return t.Name == r.Given("of") }); i >= 0 {
		f.Default = strconv.Itoa(i + 1)
	}
	return []Field{f}
}

// text is a field for a setting; what is right is said by who reads the file.
func (r *Run) text(key, label, help, now string) Field {
	f := Field{ID: key, Label: label, Help: help, Default: now, Optional: true}
	f.Check = func(r *Run, v string) (string, string) {
		if r.World.Setting == nil {
			return v, ""
		}
		return r.World.Setting(key, v)
	}
	return f
}

// must makes a field one that has to be filled in.
func must(f Field) Field {
	f.Optional = false
	return f
}

func takesFields(r *Run) []Field {
	t := r.original()
	kind := Field{ID: "type", Label: "Type", Kind: Choice, Default: cmp.Or(string(t.Type), string(transports.ClockWise))}
	for _, k := range []transports.Type{transports.ClockWise, transports.NoReply, transports.SMTP} {
		kind.Options = append(kind.Options, Option{Value: string(k), Label: k.Title()})
	}
	sub := Field{ID: "match.subsystem", Label: "Subsystem", Kind: Choice, Default: t.Match.Subsystem, Options: []Option{{Value: "", Label: "all"}}}
	for _, s := range transports.Subsystems {
		sub.Options = append(sub.Options, Option{Value: s, Label: s})
	}
	return []Field{
		kind,
		r.text("match.domain", "Domain", "Only mail whose sender is at this domain, such as acme.example; empty for every domain.", t.Match.Domain),
		r.text("match.local_part", "Local part", "Only this address: what stands before the @, such as facturen; empty for all.", t.Match.LocalPart),
		sub,
		r.nameField(t),
		{ID: "try", Label: "Try an address", Optional: true, Help: "An address, to see which transport takes its mail. Nothing is sent."},
	}
}

// nameField proposes what people would call it.
func (r *Run) nameField(t transports.Transport) Field {
	name := t.Name
	if name == "" || r.Given("do") == doCopy {
		name = transports.Name(r.transports(), cmp.Or(t.Name, r.Given("match.domain"), "Mail"))
	}
	f := must(r.text("name", "Name", "How you call it; each name is there once.", name))
	check := f.Check
	f.Check = func(r *Run, v string) (string, string) {
		v, problem := check(r, v)
		if problem != "" {
			return "", problem
		}
		own := r.Given("do") == doEdit && v == r.Given("of")
		if !own && slices.ContainsFunc(r.transports(), func(o transports.Transport) bool { return o.Name == v }) {
			return "", "There is a transport of that name already: each name is there once."
		}
		return v, ""
	}
	return f
}

// takesNotes say what the match means beside the others, and try an address.
func takesNotes(r *Run) (out []Mark) {
	t := r.draft()
	old := ""
	if r.Given("do") == doEdit {
		old = r.Given("of")
	}
	at := slices.IndexFunc(r.transports(), func(o transports.Transport) bool { return old != "" && o.Name == old })
	for _, rival := range transports.Rivals(r.transports(), t, old, at) {
		m := Mark{Note, rival.String()}
		if rival.Same {
			m.State = Warning
		}
		out = append(out, m)
	}
	if t.Type == transports.ClockWise && t.Match.Domain == "" && t.Match.LocalPart != "" {
		out = append(out, Mark{Note, "Without a domain this matches " + t.Match.LocalPart + "@ every domain."})
	}
	if address := r.Given("try"); strings.TrimSpace(address) != "" {
		out = append(out, r.try(t, old, address))
	}
	return out
}

// try says which transport would take a mail, with the draft in its place.
func (r *Run) try(t transports.Transport, old, address string) Mark {
	list := slices.Clone(r.transports())
	if i := slices.IndexFunc(list, func(o transports.Transport) bool { return old != "" && o.Name == old }); i >= 0 {
		list[i] = t
	} else {
		list = append(list, t)
	}
	d := transports.Route(list, transports.Mail{From: address, Subsystem: t.Match.Subsystem})
	if d.Transport.Name == t.Name {
		return Mark{OK, address + ": " + d.Why}
	}
	return Mark{Note, address + " does not leave over this one. " + d.Why}
}

func senderFields(r *Run) []Field {
	t := r.original()
	if transports.Type(r.Given("type")) == transports.NoReply {
		reply := t.ReplyTo.Address
		if t.ReplyTo.Copy {
			reply = "true"
		}
		return []Field{r.text("reply_to", "Reply-To", "yes: answers go to the user who sent it; or one address for all answers; empty: answers are lost.", reply)}
	}
	domain := cmp.Or(r.Given("match.domain"), "acme.example")
	return []Field{
		r.text("from", "Sender", "For examinations and test mails, such as jan@"+domain+"; empty: postmaster@"+domain+".", t.From),
		r.text("envelope", "Envelope", "The envelope sender where it differs from the sender; usually empty.", t.Envelope),
	}
}

func serverFields(r *Run) []Field {
	s := r.original().Server
	port := ""
	if s.Port != 0 {
		port = strconv.Itoa(s.Port)
	}
	choice := func(id, label, now string, options ...Option) Field {
		return Field{ID: id, Label: label, Kind: Choice, Default: cmp.Or(now, options[0].Value), Options: options}
	}
	return []Field{
		must(r.text("smtp.host", "Server", "Its name, such as mail.acme.example.", s.Host)),
		choice("smtp.security", "Security", s.Security, Option{"starttls", "STARTTLS", "ports 587 and 25"}, Option{"tls", "TLS from the start", "port 465"}, Option{"none", "none", "everybody on the way can read the mail"}),
		choice("smtp.auth", "Login", s.Auth, Option{"none", "none", "a relay that knows ClockWise by its addresses"}, Option{"plain", "PLAIN", "the usual one"},
			Option{"login", "LOGIN", "for old servers"}, Option{"cram-md5", "CRAM-MD5", "for old servers"}, Option{"xoauth2", "XOAUTH2", "a token of Google or Microsoft"}, Option{"oauthbearer", "OAUTHBEARER", "a token"}),
		r.text("smtp.port", "Port", "Empty: the usual one for the security and login that you chose.", port),
	}
}

// serverNotes tell what goes together badly while it is typed.
func serverNotes(r *Run) (out []Mark) {
	port, security := r.Answer("smtp.port"), r.Answer("smtp.security")
	switch {
	case port == "465" && security != "tls":
		out = append(out, Mark{Warning, "Port 465 speaks TLS from the start: choose that, or port 587."})
	case (port == "587" || port == "25") && security == "tls":
		out = append(out, Mark{Warning, "Port " + port + " begins in clear and changes to TLS with STARTTLS: choose that, or port 465."})
	}
	if security == "none" && r.Answer("smtp.auth") != "none" {
		out = append(out, Mark{Warning, "Without TLS the password can be read by everybody on the way."})
	}
	return out
}

// The ways to keep a password, the answers of the field "password.in".
const inKeyring = string(transports.KeyringSecret)

func loginFields(r *Run) []Field {
	s := r.original().Server
	in := Field{ID: "password.in", Label: "Password", Kind: Choice, Default: cmp.Or(string(s.Password.Kind), string(transports.CommandSecret)), Options: []Option{
		{string(transports.CommandSecret), "a command prints it", "such as: pass mail/clockwise"},
		{string(transports.EnvSecret), "an environment variable holds it", ""},
	}}
	if r.World.KeepSecret != nil || s.Password.Kind == transports.KeyringSecret {
		in.Options = append(in.Options, Option{inKeyring, "the keyring of this desktop keeps it", ""})
	}
	in.Options = append(in.Options, Option{string(transports.ClearSecret), "it stands in the file as clear text", "everybody who may read the file has it"})
	fields := []Field{must(r.text("smtp.username", "User", "The account to log in with.", s.Username)), in}
	ref := ""
	if kind := transports.SecretKind(r.Answered("password.in", in.Default)); kind == s.Password.Kind {
		ref = s.Password.Ref
	}
	switch transports.SecretKind(r.Answered("password.in", in.Default)) {
	case transports.CommandSecret:
		fields = append(fields, must(r.text("smtp.password_command", "Command", "It is run only when a login is really tried; its first line is the password.", ref)))
	case transports.EnvSecret:
		fields = append(fields, must(r.text("smtp.password_env", "Variable", "Only its name, such as SMTP_PASSWORD.", ref)))
	case transports.KeyringSecret:
		fields = append(fields, must(r.text("smtp.password_keyring", "Entry", "The name under which the keyring keeps it.", cmp.Or(ref, r.Given("name")))))
		if r.World.KeepSecret != nil {
			fields = append(fields, Field{ID: "password", Label: "Password", Kind: Secret, Optional: true, Help: "Empty: it is in the keyring already."})
		}
	case transports.ClearSecret:
		had := s.Password.Kind == transports.ClearSecret
		fields = append(fields, Field{ID: "password", Label: "Password", Kind: Secret, Optional: had, Help: "Empty: the one that is there stays."}, clearYes())
	}
	return fields
}

func clearYes() Field {
	return Field{ID: "password.clear", Label: "Clear text", Kind: Choice, Default: "no", Options: YesNo("yes, it may stand in the file", "no"), Check: nil}
}

// Answered is what was filled in for a field, else the given default. Fields
// that follow from one another use it.
func (r *Run) Answered(field, other string) string { return cmp.Or(r.Given(field), other) }

func loginNotes(r *Run) []Mark {
	if r.Answer("password.in") != string(transports.ClearSecret) {
		return nil
	}
	return []Mark{{Warning, "Who may read the configuration file, or a copy of it, has the password. Your security policy must allow that."}}
}

// storePassword puts the password into the keyring, or asks again where it may
// not stand in the file.
func storePassword(ctx context.Context, r *Run, _ func(View)) Outcome {
	switch in := r.Given("password.in"); {
	case in == string(transports.ClearSecret) && r.Given("password.clear") != "yes":
		return Outcome{Problem: "The password is kept as clear text only when you say so: choose yes, or another way to keep it."}
	case in == inKeyring && r.Given("password") != "" && r.World.KeepSecret != nil:
		if err := r.World.KeepSecret(ctx, r.Given("smtp.password_keyring"), r.Given("password")); err != nil {
			return Outcome{Problem: "The keyring did not take the password: " + err.Error() + "."}
		}
	}
	return Outcome{}
}

// draft is the transport as it is filled in so far.
func (r *Run) draft() transports.Transport {
	t := r.original()
	take := func(into *string, field string) {
		if v, ok := r.given(field); ok {
			*into = strings.TrimSpace(v)
		}
	}
	kind := string(t.Type)
	take(&kind, "type")
	t.Type = transports.Type(cmp.Or(kind, string(transports.ClockWise)))
	take(&t.Name, "name")
	take(&t.Match.Domain, "match.domain")
	take(&t.Match.LocalPart, "match.local_part")
	take(&t.Match.Subsystem, "match.subsystem")
	if t.Type == transports.NoReply {
		t.From, t.Envelope = "", ""
		if v, ok := r.given("reply_to"); ok {
			t.ReplyTo = replyTo(v)
		}
	} else {
		t.ReplyTo = transports.ReplyTo{}
		take(&t.From, "from")
		take(&t.Envelope, "envelope")
	}
	if t.Type != transports.SMTP {
		t.Server = transports.Server{}
		return t
	}
	take(&t.Server.Host, "smtp.host")
	take(&t.Server.Security, "smtp.security")
	take(&t.Server.Auth, "smtp.auth")
	take(&t.Server.Username, "smtp.username")
	if v, ok := r.given("smtp.port"); ok {
		t.Server.Port, _ = strconv.Atoi(v) // it was judged
	}
	if t.Server.Auth == "none" {
		t.Server.Username, t.Server.Password = "", transports.Secret{}
		return t
	}
	t.Server.Password = r.password(t.Server.Password)
	return t
}

func replyTo(v string) transports.ReplyTo {
	switch v {
	case "":
		return transports.ReplyTo{}
	case "true":
		return transports.ReplyTo{Copy: true}
	case "false":
		return transports.ReplyTo{}
	}
	return transports.ReplyTo{Address: v}
}

// password is the one that was filled in, else that of before.
func (r *Run) password(before transports.Secret) transports.Secret {
	kind := transports.SecretKind(r.Given("password.in"))
	switch kind {
	case transports.NoSecret:
		return before
	case transports.ClearSecret:
		if v := r.Given("password"); v != "" {
			return transports.NewClearSecret(v)
		}
		return before
	}
	return transports.Secret{Kind: kind, Ref: r.Given("smtp." + string(kind))}
}

// errGone says that the transport in question is not there any more.
var errGone = errors.New("there is no such transport any more: somebody else removed or renamed it")

// changes are what the guide will do.
func (r *Run) changes() ([]transports.Change, error) {
	of := r.Given("of")
	do := r.Given("do")
	at := slices.IndexFunc(r.transports(), func(t transports.Transport) bool { return t.Name == of })
	if do != doAdd && at < 0 {
		return nil, errGone
	}
	switch do {
	case doRemove:
		return []transports.Change{{Kind: transports.RemoveTransport, Name: of}}, nil
	case doMove:
		n, _ := strconv.Atoi(r.Given("place")) // it was judged
		return []transports.Change{{Kind: transports.MoveTransport, Name: of, At: n - 1}}, nil
	case doDefault:
		return r.asDefault(at), nil
	case doEdit:
		if transports.Same(r.original(), r.draft()) {
			return nil, nil
		}
		return []transports.Change{{Kind: transports.EditTransport, Name: of, To: r.draft()}}, nil
	case doCopy:
		t := r.draft()
		return []transports.Change{{Kind: transports.AddTransport, To: t, At: at + 1}}, nil
	}
	return []transports.Change{{Kind: transports.AddTransport, To: r.draft(), At: -1}}, nil
}

// asDefault makes the transport at a place match everything, and puts it before
// another one that does.
func (r *Run) asDefault(at int) (out []transports.Change) {
	t := r.transports()[at]
	if t.Match != (transports.Match{}) {
		t.Match = transports.Match{}
		out = append(out, transports.Change{Kind: transports.EditTransport, Name: t.Name, To: t})
	}
	other := slices.IndexFunc(r.transports(), func(o transports.Transport) bool { return o.Match == transports.Match{} && o.Name != t.Name })
	if other >= 0 && other < at {
		out = append(out, transports.Change{Kind: transports.MoveTransport, Name: t.Name, At: other})
	}
	return out
}

// lookAtChange shows what will be written.
func lookAtChange(_ context.Context, r *Run, _ func(View)) View {
	list, err := r.changes()
	if err != nil {
		return View{State: Failure, Said: "It cannot be changed.", Blocked: "There " + strings.TrimPrefix(err.Error(), "there ") + ".", Blocks: []Block{Mark{Failure, err.Error()}}}
	}
	v := View{State: Todo, Enter: "save it", Value: list}
	if len(list) == 0 {
		return View{State: OK, Said: "It is as you want it already.", Enter: "finish", Blocks: []Block{Mark{OK, "Nothing has to be changed."}}}
	}
	after := r.after(list)
	for _, c := range list {
		v.Blocks = append(v.Blocks, r.shown(c)...)
		if c.Kind == transports.AddTransport || c.Kind == transports.EditTransport {
			if found := settings.Findings(settings.Input{Transport: c.To, All: after, Service: r.World.Service}); len(found) > 0 {
				v.Blocks = append(v.Blocks, Findings(found))
			}
		}
	}
	v.Said = "Nothing is written yet."
	return v
}

// after is the list with the changes carried out.
func (r *Run) after(changes []transports.Change) []transports.Transport {
	list := slices.Clone(r.transports())
	for _, c := range changes {
		list = c.Apply(list)
	}
	return list
}

// shown is a change as its reader confirms it.
func (r *Run) shown(c transports.Change) []Block {
	switch c.Kind {
	case transports.RemoveTransport:
		t := r.original()
		return []Block{
			Mark{Warning, "The transport " + t.Name + " is removed. It took " + t.Match.String() + "; that mail then leaves over another transport, or the built-in default."},
			Pairs(described(t)),
		}
	case transports.MoveTransport:
		return []Block{Mark{Note, c.Name + " moves to place " + strconv.Itoa(c.At+1) + " of the list."}}
	}
	if c.Kind == transports.AddTransport {
		return []Block{Mark{Todo, "This transport is added:"}, Pairs(described(c.To))}
	}
	before := r.original()
	out := Changes{Of: c.To.Name, Before: "now", After: "then"}
	for _, d := range transports.Differences(before, c.To) {
		what := "change"
		if d.Before == "" {
			what = "add"
		} else if d.After == "" {
			what = "remove"
		}
		out.List = append(out.List, Change{What: what, Term: d.Field, Before: cmp.Or(d.Before, "-"), After: cmp.Or(d.After, "-")})
	}
	return []Block{out}
}

// described are the settings of a transport.
func described(t transports.Transport) (out []Pair) {
	for _, d := range transports.Differences(transports.Transport{}, t) {
		out = append(out, Pair{d.Field, d.After})
	}
	return out
}

// changeTransport writes it.
func changeTransport(ctx context.Context, r *Run, _ func(View)) Outcome {
	if r.World.Change == nil {
		return Outcome{Problem: "The configuration cannot be changed here."}
	}
	if clash, ok := r.View().Value.(*Clash); ok {
		return r.settle(ctx, clash)
	}
	list, err := r.changes()
	if err != nil {
		return Outcome{Problem: err.Error()}
	}
	if len(list) == 0 {
		return Outcome{}
	}
	err = r.World.Change(ctx, list...)
	if clash, ok := errors.AsType[*Clash](err); ok {
		return clashed(clash)
	}
	return saved(err)
}

// saved is the outcome of a write.
func saved(err error) Outcome {
	if err != nil {
		return Outcome{Problem: "It could not be saved: " + err.Error() + ". Nothing was changed."}
	}
	const said = "It is saved. It can be undone: u in the console, cwmail transport undo elsewhere."
	return Outcome{View: &View{State: OK, Said: said, Blocks: []Block{Mark{OK, said}}}}
}

// settle ends a clash as the reader chose.
func (r *Run) settle(ctx context.Context, c *Clash) Outcome {
	if r.Given("clash") == "merge" {
		o := saved(c.Merge(ctx))
		if o.Problem == "" {
			o.View.Blocks = append(o.View.Blocks, Mark{Note, "Where both changed the same setting, theirs stands now: look whether it is what you want."})
		}
		return o
	}
	v := lookAtChange(ctx, r, nil)
	return Outcome{Problem: "This is what saving would change now, with theirs in place.", View: &v}
}

// clashed tells who changed what.
func clashed(c *Clash) Outcome {
	v := View{State: Warning, Said: "Somebody else changed it meanwhile. Nothing was written.", Value: c, Enter: "go on with that"}
	when := ""
	if !c.When.IsZero() {
		when = " at " + c.When.Format("15:04:05")
	}
	v.Blocks = append(v.Blocks, Mark{Warning, cmp.Or(c.Who, "Somebody else") + " changed this transport" + when + ", after you began. Nothing is lost, and nothing was written yet."})
	for _, s := range c.What {
		v.Blocks = append(v.Blocks, Mark{Note, s})
	}
	return Outcome{Problem: "Choose what to do with both changes.", View: &v}
}

// clashFields ask what to do where somebody else changed the same.
func clashFields(r *Run) []Field {
	if _, ok := r.View().Value.(*Clash); !ok {
		return nil
	}
	return []Field{{ID: "clash", Label: "Both changes", Kind: Choice, Default: "merge", Options: []Option{
		{"merge", "keep theirs, and put mine over it", "where both changed the same setting, theirs stays"},
		{"redo", "look again with theirs in place", "nothing is written yet"},
	}}}
}
