package spf

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.yaml.in/yaml/v3"

	"clockwise.info/cwmail/checks/dns"
)

// zone is a Resolver over the notation of the RFC's test suite: names to lists
// of records, a bare TIMEOUT for types without a record of their own.
type zone struct {
	names map[string]map[dns.Type][]dns.Record
	fails map[string]bool // names of which other types fail

	mu    sync.Mutex
	asked []dns.Question
}

var _ dns.Resolver = (*zone)(nil)

var errTimeout = errors.New("timeout")

const maxChain = 8

func (z *zone) Lookup(_ context.Context, q dns.Question) dns.Answer {
	z.mu.Lock()
	z.asked = append(z.asked, q)
	z.mu.Unlock()
	return z.answer(q)
}

func (z *zone) answer(q dns.Question) dns.Answer {
	a := dns.Answer{Question: q, Status: dns.Failed, Err: errTimeout}
	name := q.Name
	for range maxChain {
		types, ok := z.names[name]
		switch {
		case !ok && z.below(name):
			a.Status, a.Err = dns.Empty, nil
			return a
		case !ok:
			a.Status, a.Err = dns.NoName, nil
			return a
		case types[q.Type] != nil:
			a.Status, a.Records, a.Err = dns.Found, types[q.Type], nil
			return a
		case types[dns.TypeCNAME] != nil:
			name = strings.ToLower(types[dns.TypeCNAME][0].Host)
			a.Chain = append(a.Chain, name)
			continue
		case z.fails[name]:
			return a
		}
		a.Status, a.Err = dns.Empty, nil
		return a
	}
	return a
}

func (z *zone) below(name string) bool {
	for n := range z.names {
		if strings.HasSuffix(n, "."+name) {
			return true
		}
	}
	return false
}

// add puts a record at a name; what is "SPF" or "TXT" may have several strings.
func (z *zone) add(t testing.TB, name, typ string, values ...string) {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if z.names == nil {
		z.names, z.fails = map[string]map[dns.Type][]dns.Record{}, map[string]bool{}
	}
	if z.names[name] == nil {
		z.names[name] = map[dns.Type][]dns.Record{}
	}
	code, ok := dns.ParseType(typ)
	if !ok {
		t.Fatalf("type %q", typ)
	}
	r := dns.Record{Name: name, Type: code}
	switch code {
	case dns.TypeA, dns.TypeAAAA:
		r.Addr = netip.MustParseAddr(values[0])
	case dns.TypeMX:
		r.Host = strings.TrimSuffix(values[len(values)-1], ".")
	case dns.TypePTR, dns.TypeCNAME:
		r.Host = strings.TrimSuffix(values[0], ".")
	default:
		r.Strings = values
	}
	z.names[name][code] = append(z.names[name][code], r)
}

func (z *zone) UnmarshalYAML(v *yaml.Node) error {
	for i := 0; i+1 < len(v.Content); i += 2 {
		name := strings.ToLower(strings.TrimSuffix(v.Content[i].Value, "."))
		var spf [][]string
		txt := false
		for _, e := range v.Content[i+1].Content {
			if e.Kind == yaml.ScalarNode { // TIMEOUT
				z.fail(name)
				continue
			}
			typ, val := e.Content[0].Value, e.Content[1]
			txt = txt || typ == "TXT"
			if val.Value == "NONE" {
				continue
			}
			values := []string{val.Value}
			if val.Kind == yaml.SequenceNode {
				values = nil
				for _, c := range val.Content {
					values = append(values, c.Value)
				}
			}
			z.add(nil, name, typ, values...)
			if typ == "SPF" {
				spf = append(spf, values)
			}
		}
		if !txt { // type SPF was withdrawn: the suite wants it copied
			for _, values := range spf {
				z.add(nil, name, "TXT", values...)
			}
		}
	}
	return nil
}

func (z *zone) fail(name string) {
	if z.names == nil {
		z.names, z.fails = map[string]map[dns.Type][]dns.Record{}, map[string]bool{}
	}
	if z.names[name] == nil {
		z.names[name] = map[dns.Type][]dns.Record{}
	}
	z.fails[name] = true
}

// parseZone reads lines "NAME TYPE VALUE"; FAIL as type makes the other types
// of that name fail; TXT values split at "|" into strings.
func parseZone(t testing.TB, text string) *zone {
	z := &zone{}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(strings.TrimLeft(line, " \t"), "\r\n")
		if line == "" {
			continue
		}
		name, rest, _ := strings.Cut(line, " ")
		typ, value, _ := strings.Cut(rest, " ")
		switch typ {
		case "FAIL":
			z.fail(strings.ToLower(name))
		case "TXT", "SPF":
			z.add(t, name, typ, strings.Split(value, "|")...)
		default:
			z.add(t, name, typ, strings.Fields(value)...)
		}
	}
	return z
}

// suite is one scenario of the RFC's test suite.
type suite struct {
	Description string
	Tests       map[string]suiteCase
	ZoneData    *zone
}

type suiteCase struct {
	Host, Helo, MailFrom string
	Result               words
	Explanation          *string // nil: not looked at
}

// words is a word or a list of words.
type words []string

func (w *words) UnmarshalYAML(v *yaml.Node) error {
	if v.Kind == yaml.ScalarNode {
		*w = words{v.Value}
		return nil
	}
	return v.Decode((*[]string)(w))
}

func readSuites(t testing.TB, file string) []suite {
	f, err := os.Open("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []suite
	d := yaml.NewDecoder(f)
	for {
		var s suite
		err := d.Decode(&s)
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
}

// TestSuite runs the public test suite of RFC 7208 and cases of our own, every
// way that an evaluation can be had.
func TestSuite(t *testing.T) {
	for file, want := range map[string]int{"rfc7208-tests.yml": 203, "more.yml": 210} {
		t.Run(file, func(t *testing.T) {
			n := 0
			var parsed Parsed
			for _, s := range readSuites(t, file) {
				for name, c := range s.Tests {
					n++
					t.Run(s.Description+"/"+name, func(t *testing.T) { c.run(t, s.ZoneData, &parsed) })
				}
			}
			if n != want {
				t.Errorf("%d cases, want %d", n, want)
			}
		})
	}
}

func (c suiteCase) run(t *testing.T, z *zone, parsed *Parsed) {
	client := Client{IP: netip.MustParseAddr(c.Host), MailFrom: c.MailFrom, HELO: c.Helo}
	one := Evaluate(t.Context(), z, client, Options{})
	ways := map[string]Outcome{"one": one, "ahead": Evaluate(t.Context(), z, client, Options{Ahead: true, Parsed: parsed})}
	if c.MailFrom != "" { // else Lookup takes postmaster@domain
		ways["lookup"] = Lookup(t.Context(), z, one.Domain, []netip.Addr{client.IP}, Options{MailFrom: c.MailFrom, HELO: c.Helo}).Outcomes[0]
	}
	for way, o := range ways {
		if !slices.Contains(c.Result, o.Result) {
			t.Errorf("%s: %s, want %s; %v", way, o.Result, c.Result, o.Problem)
		}
		if want := c.Explanation; want != nil && *want != "DEFAULT" && !strings.EqualFold(o.Explanation, *want) {
			t.Errorf("%s: explanation %q, want %q", way, o.Explanation, *want)
		}
		if (o.Problem != nil) != (o.Result == TempError || o.Result == PermError) {
			t.Errorf("%s: %s with problem %v", way, o.Result, o.Problem)
		}
		if o.Lookups != one.Lookups || o.VoidLookups != one.VoidLookups || o.Matched != one.Matched || !slices.Equal(o.Path, one.Path) {
			t.Errorf("%s: %+v differs from %+v", way, o, one)
		}
	}
}
