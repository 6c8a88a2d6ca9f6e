package compose

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"clockwise.info/cwmail/transports"
)

// plain is a test of a transport of the given type.
func plain(kind transports.Type) Options {
	return Options{
		Transport: transports.Transport{Name: "Invoices", Type: kind, Match: transports.Match{Domain: "acme.example"}},
		Service:   transports.DefaultService(),
		User:      Person{"Jan de Vries", "jan@acme.example"},
		To:        []string{"piet@customer.example"},
		Now:       time.Date(2026, 11, 24, 15, 4, 5, 0, time.FixedZone("", 3600)),
		Random:    bytes.NewReader(make([]byte, 64)),
	}
}

func compose(t *testing.T, o Options) (Message, *mail.Message) {
	t.Helper()
	m, err := Compose(o)
	if err != nil {
		t.Fatal(err)
	}
	holdRaw(t, m)
	read, err := mail.ReadMessage(bytes.NewReader(m.Raw))
	if err != nil {
		t.Fatalf("%v\n%s", err, m.Raw)
	}
	return m, read
}

// holdRaw holds what is true of all messages.
func holdRaw(t *testing.T, m Message) {
	t.Helper()
	raw := string(m.Raw)
	if !strings.HasSuffix(raw, "\r\n") || strings.ContainsAny(strings.ReplaceAll(raw, "\r\n", ""), "\r\n\x00") {
		t.Errorf("line ends are wrong: %q", raw)
	}
	if !m.NeedsUTF8 && !ascii(raw) {
		t.Errorf("there is more than ASCII: %q", raw)
	}
	for line := range strings.SplitSeq(raw, "\r\n") {
		if len(line) > 998 || strings.HasPrefix(line, "From ") {
			t.Errorf("line %q", line)
		}
	}
	_, body, _ := strings.Cut(raw, "\r\n\r\n")
	for line := range strings.SplitSeq(body, "\r\n") {
		if len(line) > 76 || strings.HasPrefix(line, ".") || strings.HasSuffix(line, " ") || strings.HasSuffix(line, "\t") {
			t.Errorf("line of the body %q", line)
		}
	}
}

func TestSenders(t *testing.T) {
	for _, tt := range []struct {
		name                    string
		change                  func(o *Options)
		kind                    transports.Type
		from, mailFrom, replyTo string
	}{
		{"clockwise", nil, transports.ClockWise, `"Jan de Vries" <jan@acme.example>`, "jan@acme.example", ""},
		{"smtp", nil, transports.SMTP, `"Jan de Vries" <jan@acme.example>`, "jan@acme.example", ""},
		{"no-reply", nil, transports.NoReply, `"Jan de Vries via ClockWise" <noreply@clockwise.info>`, "noreply@clockwise.info", ""},
		{"copied", func(o *Options) { o.Transport.ReplyTo.Copy = true }, transports.NoReply, `"Jan de Vries via ClockWise" <noreply@clockwise.info>`, "noreply@clockwise.info", `"Jan de Vries" <jan@acme.example>`},
		{"fixed", func(o *Options) { o.Transport.ReplyTo.Address = "office@acme.example" }, transports.NoReply, `"Jan de Vries via ClockWise" <noreply@clockwise.info>`, "noreply@clockwise.info", "office@acme.example"},
		{"nameless", func(o *Options) { o.User.Name = "" }, transports.NoReply, `"ClockWise" <noreply@clockwise.info>`, "noreply@clockwise.info", ""},
		{"nobody", func(o *Options) { o.User = Person{} }, transports.ClockWise, "postmaster@acme.example", "postmaster@acme.example", ""},
		{"configured", func(o *Options) { o.User, o.Transport.From = Person{}, "office@acme.example" }, transports.SMTP, "office@acme.example", "office@acme.example", ""},
		{"envelope", func(o *Options) { o.Transport.Envelope = "bounce@mail.acme.example" }, transports.SMTP, `"Jan de Vries" <jan@acme.example>`, "bounce@mail.acme.example", ""},
		{"quotes", func(o *Options) { o.User.Name = `a "b" \c` }, transports.SMTP, `"a \"b\" \\c" <jan@acme.example>`, "jan@acme.example", ""},
		{"quoted local part", func(o *Options) { o.User = Person{Address: `"jan @ home"@acme.example`} }, transports.SMTP, `"jan @ home"@acme.example`, `"jan @ home"@acme.example`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := plain(tt.kind)
			if tt.change != nil {
				tt.change(&o)
			}
			m, read := compose(t, o)
			if got := read.Header.Get("From"); got != tt.from || m.MailFrom != tt.mailFrom || read.Header.Get("Reply-To") != tt.replyTo {
				t.Errorf("From %s, MAIL FROM %s, Reply-To %s", got, m.MailFrom, read.Header.Get("Reply-To"))
			}
			if _, err := read.Header.AddressList("From"); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestFields(t *testing.T) {
	o := plain(transports.ClockWise)
	o.To = append(o.To, "Karel <karel@customer.example>", "piet@CUSTOMER.example")
	o.Subject = "hello"
	m, read := compose(t, o)
	for name, want := range map[string]string{
		"Date": "Tue, 24 Nov 2026 15:04:05 +0100", "To": `piet@customer.example, "Karel" <karel@customer.example>`,
		"Subject": "[ClockWise test] hello", "Message-Id": "<" + m.ID + ">", "Auto-Submitted": "auto-generated", "Mime-Version": "1.0",
		"Content-Type": "text/plain; charset=utf-8", "Content-Transfer-Encoding": "quoted-printable", "Bcc": "", "Reply-To": "",
	} {
		if got := read.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if want := "cwmail.20261124140405.00000000000000000000000000000000@acme.example"; m.ID != want {
		t.Errorf("%q, want %q", m.ID, want)
	}
	if want := []string{"piet@customer.example", "karel@customer.example"}; !slices.Equal(m.Rcpt, want) {
		t.Errorf("%q, want %q", m.Rcpt, want)
	}
	if m.Get("subject") != "[ClockWise test] hello" || m.Get("from") != "Jan de Vries <jan@acme.example>" || m.Get("nothing") != "" {
		t.Errorf("%+v", m.Header)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(read.Body))
	if err != nil || !strings.HasPrefix(string(body), `This is a test message from ClockWise. It was sent over the mail transport "Invoices", of type ClockWise server.`+"\r\n") {
		t.Errorf("%v: %q", err, body)
	}
}

func TestInternational(t *testing.T) {
	o := plain(transports.ClockWise)
	o.User = Person{"Zoë Ångström", "zoe@bücher.example"}
	o.To = []string{"李 <piet@例え.example>"}
	o.Subject = strings.Repeat("Überprüfung der Zustellung – ", 8)
	m, read := compose(t, o)
	if m.NeedsUTF8 || m.MailFrom != "zoe@xn--bcher-kva.example" || m.Rcpt[0] != "piet@xn--r8jz45g.example" {
		t.Errorf("%+v", m)
	}
	for name, want := range map[string]string{"From": "Zoë Ångström", "To": "李"} {
		if a, err := read.Header.AddressList(name); err != nil || a[0].Name != want {
			t.Errorf("%s: %v, %v", name, a, err)
		}
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(read.Header.Get("Subject"))
	if want := SubjectMark + " " + strings.TrimSpace(o.Subject); err != nil || subject != want {
		t.Errorf("%v: %q\nwant %q", err, subject, want)
	}
	head, _, _ := strings.Cut(string(m.Raw), "\r\n\r\n")
	for line := range strings.SplitSeq(head, "\r\n") {
		if len(line) > 90 {
			t.Errorf("%q is long", line)
		}
	}

	o.User.Address = "zoë@bücher.example"
	if m, _ := compose(t, o); !m.NeedsUTF8 || m.MailFrom != "zoë@xn--bcher-kva.example" {
		t.Errorf("%+v", m)
	}
	o = plain(transports.ClockWise)
	o.To = []string{"用户@customer.example"}
	if m, _ := compose(t, o); !m.NeedsUTF8 {
		t.Error("a recipient's local part needs SMTPUTF8")
	}
}

// TestFalseWords holds that what only looks encoded stays what it is.
func TestFalseWords(t *testing.T) {
	const word = "=?utf-8?q?boss?="
	o := plain(transports.SMTP)
	o.User.Name, o.Subject = word, word
	_, read := compose(t, o)
	a, err := read.Header.AddressList("From")
	subject, _ := new(mime.WordDecoder).DecodeHeader(read.Header.Get("Subject"))
	if err != nil || a[0].Name != word || subject != SubjectMark+" "+word {
		t.Errorf("%v, %v, %q", a, err, subject)
	}
}

func TestParts(t *testing.T) {
	o := plain(transports.SMTP)
	o.Text = "Één\n.dot\nFrom here \r\n" + strings.Repeat("=é. From ", 40) + "\rend\t"
	o.HTML = `<html><BODY class="a">` + strings.Repeat("<p>žluťoučký kůň</p>", 20) + "</BODY></html>"
	_, read := compose(t, o)
	kind, params, err := mime.ParseMediaType(read.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatal(kind, err)
	}
	parts := multipart.NewReader(read.Body, params["boundary"])
	mark := markOf(o.Transport)
	for _, want := range []struct{ kind, text string }{
		{"text/plain; charset=utf-8", mark + "\r\n\r\n" + strings.NewReplacer("\r\n", "\r\n", "\n", "\r\n", "\r", "\r\n").Replace(o.Text)},
		{"text/html; charset=utf-8", strings.Replace(o.HTML, `"a">`, `"a">`+"\r\n<p><strong>"+strings.ReplaceAll(mark, `"`, "&#34;")+"</strong></p>\r\n", 1)},
	} {
		p, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(p) // NextPart decodes
		if got := p.Header.Get("Content-Type"); err != nil || got != want.kind || string(text) != want.text {
			t.Errorf("%v, %s\n%q\nwant\n%q", err, got, text, want.text)
		}
	}
	if _, err := parts.NextPart(); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
	if got := markedHTML("<p>x", "a<b"); got != "<p><strong>a&lt;b</strong></p>\n<p>x" {
		t.Error(got)
	}
}

// TestRefused holds that no field can bring another one, and that the error
// names the field and not what stood in it.
func TestRefused(t *testing.T) {
	fields := map[string]func(o *Options, s string){
		"User name":       func(o *Options, s string) { o.User.Name = s },
		"User address":    func(o *Options, s string) { o.User.Address = s },
		"To":              func(o *Options, s string) { o.To = []string{s} },
		"To 2":            func(o *Options, s string) { o.To = append(o.To, s) },
		"Subject":         func(o *Options, s string) { o.Subject = s },
		"Transport name":  func(o *Options, s string) { o.Transport.Name = s },
		"Envelope sender": func(o *Options, s string) { o.Transport.Envelope = s },
		"Message-ID":      func(o *Options, s string) { o.ID = s },
		"Reply-To": func(o *Options, s string) {
			o.Transport.Type, o.Transport.ReplyTo.Address = transports.NoReply, s
		},
		"No-reply address": func(o *Options, s string) { o.Transport.Type, o.Service.NoReply = transports.NoReply, s },
	}
	values := []string{
		"a@b.example\r\nBcc: x@evil.example", "a@b.example\nBcc: x@evil.example", "a@b.example\rBcc: x", "\r\n", "a\x00@b.example", "a@b.example\u2028Bcc: x",
		"a\x1b[2J@b.example", "\xff@b.example", strings.Repeat("a", 1000) + "@b.example", "\r\n\r\nbody",
		"=?utf-8?q?a=0D=0ABcc:_x?= <a@b.example>\r\n",
	}
	for field, set := range fields {
		for _, v := range values {
			o := plain(transports.ClockWise)
			set(&o, v)
			m, err := Compose(o)
			e, ok := errors.AsType[*FieldError](err)
			if !ok || e.Field != field || strings.Contains(err.Error(), "evil") {
				t.Errorf("%s %q: %v\n%s", field, v, err, m.Raw)
			}
		}
	}
	for _, bad := range []string{
		"", " ", "jan", "@acme.example", "jan@", "jan@acme", "jan@[192.0.2.1]", "jan@192.0.2.1", "a@b.example, c@d.example", "jan@@acme.example",
		"j an@acme.example", "jan@ac me.example", "jan@-.example/", "<>", "=?utf-8?q?a=0D=0ABcc:_x?= <a@b.example>", strings.Repeat("a", 65) + "@b.example", "jan@" + strings.Repeat("a", 64) + ".example",
	} {
		o := plain(transports.ClockWise)
		o.To = []string{bad}
		if m, err := Compose(o); err == nil {
			t.Errorf("%q is taken: %q", bad, m.Rcpt)
		}
	}
	for field, change := range map[string]func(o *Options){
		"To":           func(o *Options) { o.To = nil },
		"Text":         func(o *Options) { o.Text = "\xff" },
		"HTML":         func(o *Options) { o.HTML = strings.Repeat("a", maxBody+1) },
		"User address": func(o *Options) { o.User, o.Transport.Match = Person{}, transports.Match{} },
		"Message-ID":   func(o *Options) { o.Random = strings.NewReader("short") },
	} {
		o := plain(transports.ClockWise)
		change(&o)
		_, err := Compose(o)
		if e, ok := errors.AsType[*FieldError](err); !ok || e.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	o := plain(transports.ClockWise)
	o.To = slices.Repeat(o.To, maxRecipients+1)
	if _, err := Compose(o); err == nil {
		t.Error("any number of recipients is taken")
	}
	o = plain(transports.NoReply)
	o.User.Address, o.Transport.ReplyTo.Copy = "", true
	if _, err := Compose(o); err == nil || !strings.Contains(err.Error(), "User address") {
		t.Error(err)
	}
}

func FuzzCompose(f *testing.F) {
	f.Add("Jan", "jan@acme.example", "piet@customer.example", "hello", "text", "<p>html", true)
	f.Add("Zoë \"x\"", "\"a b\"@bücher.example", "李 <用户@例え.example>", "=?utf-8?q?x?=", ".\nFrom \r\r\n =", "<body", false)
	f.Fuzz(func(t *testing.T, name, address, to, subject, text, page string, reply bool) {
		o := plain(transports.ClockWise)
		if reply {
			o.Transport.Type, o.Transport.ReplyTo.Copy = transports.NoReply, true
		}
		o.User, o.To, o.Subject, o.Text, o.HTML = Person{name, address}, []string{to}, subject, text, page
		m, err := Compose(o)
		if err != nil {
			if _, ok := errors.AsType[*FieldError](err); !ok {
				t.Fatal(err)
			}
			return
		}
		holdRaw(t, m)
		read, err := mail.ReadMessage(bytes.NewReader(m.Raw))
		if err != nil {
			t.Fatalf("%v\n%q", err, m.Raw)
		}
		for key, values := range read.Header {
			if len(values) != 1 || !slices.ContainsFunc(m.Header, func(f Field) bool { return strings.EqualFold(f.Name, key) }) {
				t.Fatalf("%s: %q", key, values)
			}
		}
		if len(read.Header) != len(m.Header) {
			t.Fatalf("%v, want %v", read.Header, m.Header)
		}
		for _, key := range []string{"From", "To"} {
			if _, err := read.Header.AddressList(key); err != nil {
				t.Fatalf("%s: %v", read.Header.Get(key), err)
			}
		}
	})
}
