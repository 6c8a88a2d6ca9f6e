package main

import (
	"crypto/tls"
	"fmt"
	"strings"
	"time"

	"clockwise.info/cwmail/checks/safe"
	"clockwise.info/cwmail/transports/sink"
)

// sinkLine is a line of the sink: what the connection showed, and the verdict.
type sinkLine struct {
	At      time.Time `json:"at"`
	ID      string    `json:"id"`
	Client  *string   `json:"client"`
	Hello   string    `json:"helo"`
	TLS     *string   `json:"tls"`
	From    string    `json:"mail_from"`
	To      []string  `json:"recipients"`
	Octets  int       `json:"octets"`
	Stored  *string   `json:"stored"`
	Removed int       `json:"results_removed"`
	sinkVerdict
}

func (r *receiving) line(m *sink.Received, j judgement, place string) sinkLine {
	l := sinkLine{
		At: m.Ended.UTC(), ID: m.ID, Hello: m.Hello, From: safe.UTF8(m.From), Octets: len(m.Message), Stored: orNull(place), sinkVerdict: j.sinkVerdict,
	}
	_, l.Removed = sink.WithoutResults(m.Message, r.name)
	for _, to := range m.To {
		l.To = append(l.To, safe.UTF8(to))
	}
	if a := m.Client.Addr(); a.IsValid() {
		l.Client = orNull(a.String())
	}
	if m.TLS != nil {
		l.TLS = orNull(tls.VersionName(m.TLS.Version))
	}
	return l
}

// tell writes the line of a message.
func (r *receiving) tell(m *sink.Received, j judgement, place string) error {
	l := r.line(m, j, place)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.app.shared.json {
		out, err := safe.JSON(l, "")
		if err == nil {
			_, err = r.app.out.Write(out)
		}
		return err
	}
	words := []string{l.At.Format(time.TimeOnly), textOr(l.Client, "unknown"), "<" + l.From + ">", "to", strings.Join(l.To, ", "), fmt.Sprintf("%d octets", l.Octets), textOr(l.TLS, "no TLS")}
	if r.judge != nil {
		words = append(words, j.words)
	}
	if place != "" {
		words = append(words, place)
	}
	_, err := fmt.Fprintln(r.app.out, safe.Line(strings.Join(words, "  ")))
	return err
}

// textOr is the text, or another where there is none.
func textOr(text *string, other string) string {
	if text == nil {
		return other
	}
	return *text
}
