package checks

import (
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"clockwise.info/cwmail/checks/propagation"
	"clockwise.info/cwmail/checks/safe"
)

// serverWords say what a server does.
var serverWords = map[propagation.State]string{
	propagation.Correct:     "has it",
	propagation.Missing:     "does not have it yet",
	propagation.Wrong:       "has something else",
	propagation.Unreachable: "could not be asked",
}

// ServerWord says what a server does: "has it".
func ServerWord(s propagation.State) string { return serverWords[s] }

// ServerAddress is a server as people write it: without the usual port.
func ServerAddress(p netip.AddrPort) string {
	if p.Port() == 53 {
		return p.Addr().String()
	}
	return p.String()
}

// waitWriter writes how far a record is published.
type waitWriter struct{ b strings.Builder }

// WriteWait writes a look of Wait for a person to read, or to hear. include is
// the name that an SPF record must include.
func WriteWait(w io.Writer, want Wanted, include string, r propagation.Report) error {
	a := &waitWriter{}
	a.report(want, include, r)
	_, err := io.WriteString(w, a.b.String())
	return err
}

// printf writes our own text with foreign arguments, which it makes safe.
func (a *waitWriter) printf(format string, args ...string) {
	safely := make([]any, len(args))
	for i, arg := range args {
		safely[i] = safe.Line(arg)
	}
	fmt.Fprintf(&a.b, format, safely...)
}

// behind writes wrapped text behind a margin.
func (a *waitWriter) behind(margin, text string) {
	const width = 80
	for _, line := range wrap(safe.Line(text), width-len(margin)) {
		a.b.WriteString(margin + line + "\n")
	}
}

func (a *waitWriter) report(want Wanted, include string, r propagation.Report) {
	if r.Round == 1 {
		a.behind("", "Waiting for "+want.For(include)+" at "+want.Question().Name+".")
	}
	state := "not published yet"
	if r.Published {
		state = "published"
	}
	a.printf("\n%s  %s\n", clockTime(r.At, r.At), state)
	if r.Problem != "" {
		a.behind("  ", sentence(r.Problem)+".")
	}
	if len(r.Servers) > 0 {
		a.printf("  Name servers of %s (these decide)\n", r.Zone)
	}
	told := ""
	for _, s := range r.Servers {
		same := s.Detail != "" && s.State == propagation.Wrong && told == s.Detail+firstValue(s.Views)
		if told = s.Detail + firstValue(s.Views); same {
			a.view(s.Name, s.State, "the same", "")
			continue
		}
		a.view(s.Name, s.State, s.Detail, "")
		if len(s.Views) < 2 {
			a.value(s.Views)
			continue
		}
		for _, v := range s.Views {
			if v.State != s.State || v.Detail != s.Detail {
				a.behind("      ", ServerAddress(v.Addr)+" "+serverWords[v.State]+behindColon(v.Detail))
			}
		}
		a.value(s.Views)
	}
	if len(r.Resolvers) > 0 {
		a.printf("  Resolvers (these remember)\n")
	}
	for _, v := range r.Resolvers {
		until := ""
		if v.Until.After(r.At) {
			until = "may keep that until " + clockTime(v.Until, r.At)
		}
		a.view(ServerAddress(v.Addr), v.State, v.Detail, until)
	}
	if r.Hint != "" {
		a.behind("  ", "The nearest mistake: "+r.Hint+".")
	}
	switch {
	case r.Published && r.Caches.After(r.At):
		a.behind("", "Other resolvers may keep what was there before until "+clockTime(r.Caches, r.At)+".")
	case r.Published:
		a.printf("Every name server that counts has it.\n")
	case r.Next > 0:
		a.printf("  Looks again in %s.\n", r.Next.Round(time.Second).String())
	}
}

// printView writes a server in a line, or two.
func (a *waitWriter) view(name string, s propagation.State, detail, until string) {
	a.printf("    %-11s  %s\n", string(s), name)
	if detail != "" {
		a.behind("                 ", sentence(detail)+".")
	}
	if until != "" {
		a.behind("                 ", sentence(until)+".")
	}
}

// printValue writes the record that is wrong.
func (a *waitWriter) value(views []propagation.View) {
	if value := firstValue(views); value != "" {
		for line := range strings.SplitSeq(value, "\n") {
			a.printf("                 %s\n", line)
		}
	}
}

func firstValue(views []propagation.View) string {
	for _, v := range views {
		if v.Value != "" {
			return v.Value
		}
	}
	return ""
}

func behindColon(s string) string {
	if s == "" {
		return ""
	}
	return ": " + s
}

// sentence begins a sentence.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// clockTime is a time of day; with the day where that is another one than now.
func clockTime(t, now time.Time) string {
	t = t.In(now.Location())
	if t.YearDay() != now.YearDay() || t.Year() != now.Year() {
		return t.Format("15:04 on 2 January")
	}
	return t.Format("15:04:05")
}
