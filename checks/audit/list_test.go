package audit

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"clockwise.info/cwmail/transports"
)

func read(t testing.TB, text string) (out []string) {
	t.Helper()
	l := NewList(strings.NewReader(text))
	for {
		e, err := l.Next()
		switch bad, isBad := errors.AsType[*Bad](err); {
		case errors.Is(err, io.EOF):
			return out
		case isBad:
			out = append(out, fmt.Sprintf("%d! %s", bad.Line, bad.Why))
		case err != nil:
			t.Fatal(err)
		default:
			out = append(out, fmt.Sprintf("%d %s", e.Line, e))
		}
	}
}

func TestList(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"domains", "a.example\nB.Example.\n https://c.example/x \nd@d.example\n\xef\xbb\xbfe.example\r\n", []string{"1 a.example", "2 b.example", "3 c.example", "4 d.example", "5 e.example"}},
		{"comments", "# list\n\na.example\n  # x\n", []string{"3 a.example"}},
		{"fields", "a.example,cw1\nb.example,cw1,noreply\nc.example,,\n", []string{"1 a.example,cw1", "2 b.example,cw1,noreply", "3 c.example"}},
		{"other separators", "a.example;cw1\nb.example\tcw2\tMain\n\"c.example\", \"cw3\"", []string{"1 a.example,cw1", "2 b.example,cw2,Main", "3 c.example,cw3"}},
		{"header", "Customer,Selector,Domain\nACME,cw1,a.example\n,,b.example\n", []string{"2 a.example,cw1", "3 b.example"}},
		{"a header alone", "domain\na.example\ndomain.example\n", []string{"2 a.example", "3 domain.example"}},
		{"objects", `{"domain":"a.example"}` + "\n" + `{"domain":"b.example","selector":"cw1","transport":"Main","more":1}`, []string{"1 a.example", "2 b.example,cw1,Main"}},
		{
			"what cannot be used", "nope\n192.0.2.1\n,cw1\na.example,b,c,d\n{\"domain\":1}\n{\n\"a.example\nlast.example",
			[]string{
				"1! it is no domain", "2! it is an IP address, not a domain", "3! it names no domain", "4! it has 4 columns, and 3 are known",
				"5! it is no object of JSON with the texts domain, selector and transport", "6! it is no object of JSON with the texts domain, selector and transport",
				"7 a.example", "8 last.example",
			},
		},
		{"nothing", "\n\n", nil},
		{"Unicode", "büro.example", []string{"1 xn--bro-hoa.example"}},
	} {
		if got := read(t, tt.text); !slices.Equal(got, tt.want) {
			t.Errorf("%s:\n%q, want\n%q", tt.name, got, tt.want)
		}
	}
}

func TestLongLine(t *testing.T) {
	l := NewList(strings.NewReader("a.example\n" + strings.Repeat("x", 2<<20)))
	if _, err := l.Next(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Next(); err == nil || !strings.Contains(err.Error(), "line 2 is longer") {
		t.Error(err)
	}
}

// TestLongText holds that of a line that is no domain only a part is told.
func TestLongText(t *testing.T) {
	_, err := NewList(strings.NewReader(strings.Repeat("é", 1<<18))).Next()
	if bad, ok := errors.AsType[*Bad](err); !ok || len(bad.Error()) > 300 {
		t.Errorf("%.300v", err)
	}
}

func FuzzList(f *testing.F) {
	f.Add("a.example,cw1,noreply\n{\"domain\":\"b.example\"}\n\"c")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) < maxLine {
			for _, e := range read(t, text) {
				if strings.ContainsAny(e, "\n") {
					t.Errorf("%q", e)
				}
			}
		}
	})
}

func TestShard(t *testing.T) {
	for _, tt := range []struct {
		text string
		want Shard
		ok   bool
	}{
		{"0/2", Shard{0, 2}, true},
		{"1/2", Shard{1, 2}, true},
		{"2/2", Shard{0, 2}, true},
		{"0/1", Shard{0, 1}, true},
		{"3/2", Shard{}, false},
		{"-1/2", Shard{}, false},
		{"1/0", Shard{}, false},
		{"1", Shard{}, false},
		{"1/2/3", Shard{}, false},
		{"a/b", Shard{}, false},
		{" 1/2", Shard{}, false},
	} {
		got, err := ParseShard(tt.text)
		if (err == nil) != tt.ok || tt.ok && got != tt.want {
			t.Errorf("%s: %v, %v", tt.text, got, err)
		}
	}
	const n, parts = 10_000, 7
	var sizes [parts]int
	for i := range n {
		e := Entry{Domain: fmt.Sprintf("d%d.example", i), Selector: fmt.Sprint("s", i)}
		holders := 0
		for p := range parts {
			if (Shard{p, parts}).Holds(e) {
				sizes[p]++
				holders++
			}
		}
		if holders != 1 {
			t.Fatalf("%s belongs to %d parts", e.Domain, holders)
		}
	}
	for p, size := range sizes {
		if size < n/parts*8/10 || size > n/parts*12/10 {
			t.Errorf("part %d has %d of %d", p, size, n)
		}
	}
	// Parts must not change from one version to the next: half a run would be
	// done twice and the other half not at all.
	if !(Shard{3, 4}).Holds(Entry{Domain: "acme.example"}) {
		t.Error("the parts have changed")
	}
}

func TestTarget(t *testing.T) {
	main := transports.Transport{Name: "Main", Type: transports.SMTP, From: "jan@acme.example", Match: transports.Match{Domain: "acme.example"}}
	named := func(name string) *transports.Transport {
		if name == "Main" {
			return &main
		}
		return nil
	}
	for _, tt := range []struct {
		e    Entry
		want string
	}{
		{Entry{Domain: "a.example"}, "bare a.example"},
		{Entry{Domain: "a.example", Selector: "cw1"}, "clockwise a.example cw1"},
		{Entry{Domain: "a.example", Transport: "ClockWise"}, "clockwise a.example "},
		{Entry{Domain: "a.example", Selector: "cw1", Transport: "noreply"}, "noreply a.example "},
		{Entry{Domain: "a.example", Transport: "Main"}, "smtp a.example "},
		{Entry{Domain: "acme.example", Transport: "Main", Selector: "x"}, "smtp acme.example x jan@acme.example"},
		{Entry{Domain: "a.example", Transport: "Nobody"}, "error"},
	} {
		got := "error"
		target, err := tt.e.Target(named)
		switch tr := target.Transport; {
		case err != nil:
		case tr == nil:
			got = "bare " + target.Domain
		default:
			got = fmt.Sprintf("%s %s %s", tr.Type, tr.Match.Domain, tr.DKIM.Selector)
			if tr.From != "" {
				got += " " + tr.From
			}
		}
		if got != tt.want {
			t.Errorf("%v: %s, want %s", tt.e, got, tt.want)
		}
	}
	if main.Match.Domain != "acme.example" || main.DKIM.Enabled {
		t.Error("the configured transport has changed")
	}
}
