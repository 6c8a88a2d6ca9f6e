package main

import (
	"context"
	"strings"
	"time"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/received"
	"clockwise.info/cwmail/checks/safe"
	"clockwise.info/cwmail/transports/sink"
)

// judgement is what is said of a message.
type judgement struct {
	sinkVerdict
	words  string // for a line of text
	header string // Authentication-Results with its CR LF; "" where nothing was judged
	status int    // of the program, if it were the only message
}

// sinkVerdict is a verdict as in the contract. All is null where nothing was
// judged.
type sinkVerdict struct {
	Conclusion *string              `json:"conclusion"`
	Owner      *string              `json:"owner"`
	Next       *string              `json:"next"`
	SPF        *received.JSONSPF    `json:"spf"`
	DKIM       []received.JSONDKIM  `json:"dkim"`
	DMARC      *received.JSONDMARC  `json:"dmarc"`
	Findings   []checks.JSONFinding `json:"findings"`
}

// judge says what a receiver would say of a message.
func (w *world) judge(ctx context.Context, r *sink.Received, name string, now time.Time) judgement {
	v := received.Judge(ctx, w.resolver, received.Input{
		Message: received.Parse(r.Message), Client: r.Client.Addr(), HELO: r.Hello, MailFrom: r.From, Given: true, Live: true,
		Service: w.file.Service, Now: now,
	})
	return judgement{
		sinkVerdict: verdictOf(v), words: verdictWords(v), status: statusOfFindings(v.Findings, false),
		header: "Authentication-Results: " + received.AuthenticationResults(v, name) + "\r\n",
	}
}

func verdictOf(v received.Verdict) sinkVerdict {
	all := v.JSON()
	return sinkVerdict{
		Conclusion: orNull(all.Conclusion), Owner: orNull(all.Owner), Next: all.Next,
		SPF: &all.SPF, DKIM: all.DKIM, DMARC: &all.DMARC, Findings: checks.FindingsJSON(v.Findings),
	}
}

// verdictWords is a verdict in a few words.
func verdictWords(v received.Verdict) string {
	dkim := []string{}
	for _, d := range v.DKIM {
		dkim = append(dkim, "dkim="+d.Result)
	}
	if len(dkim) == 0 {
		dkim = []string{"dkim=none"}
	}
	return safe.Line("spf=" + v.SPF.Result + " " + strings.Join(dkim, " ") + " dmarc=" + v.DMARC.Result)
}
