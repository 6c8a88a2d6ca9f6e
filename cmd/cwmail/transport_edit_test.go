package main

import (
	"slices"
	"testing"

	"clockwise.info/cwmail/transports"
)

func TestOverruled(t *testing.T) {
	was := transports.Transport{Name: "a", From: "jan@a.example"}
	mine, both, apart := was, was, was
	mine.From, both.From = "mine@a.example", "theirs@a.example"
	apart.From, apart.Envelope = "mine@a.example", "bounces@a.example"
	list := []transports.Change{{Kind: transports.EditTransport, Name: "a", To: mine}}
	for _, c := range []struct {
		now  transports.Transport
		lost []string
	}{{mine, nil}, {apart, nil}, {both, []string{"sender"}}} {
		if got := overruled([]transports.Transport{was}, []transports.Transport{c.now}, list); !slices.Equal(got, c.lost) {
			t.Errorf("%+v: %q, want %q", c.now, got, c.lost)
		}
	}
}
