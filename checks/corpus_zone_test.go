package checks_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/dns/nameserver"
	"clockwise.info/cwmail/checks/finding"
)

// row is one case of a corpus file.
type row struct {
	name  string
	edits []edit
	right []edit // of the zone with the corrected record; none: the row gives no record

	domain, from, envelope, selector string
	key                              string // of the transport: inside of a token; off: no DKIM; none: not known
	spf                              string // of mail from 31.134.206.130
	top                              string
	severity                         string
	also                             []string // findings that are raised too, open or not
	unknown                          bool     // something cannot be looked at
	thorough                         bool     // what stands beside sound records is asked for too
	behave                           [][]string
}

// edit is a line of a corpus file: + adds a record, - takes away the records
// of a name and type, = puts a record in place of those of its name and type.
type edit struct {
	sign  byte
	name  string
	typ   dns.Type
	value string // as written; "" for none
}

// readCorpus reads testdata/corpus/NAME.txt: rows with an empty line between
// them, the first line of each is its name.
func readCorpus(t *testing.T, name string) []row {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "corpus", name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	var rows []row
	for block := range strings.SplitSeq(string(text), "\n\n") {
		var r row
		for line := range strings.SplitSeq(strings.Trim(block, "\n"), "\n") {
			switch {
			case line == "" || line[0] == '#':
			case r.name == "":
				r.name = line
			default:
				if err := r.read(line); err != nil {
					t.Fatalf("%s.txt: %s: %q: %v", name, r.name, line, err)
				}
			}
		}
		if r.name != "" {
			rows = append(rows, r)
		}
	}
	return rows
}

func (r *row) read(line string) error {
	word, rest, _ := strings.Cut(line, " ")
	texts := map[string]*string{
		"domain": &r.domain, "from": &r.from, "envelope": &r.envelope, "selector": &r.selector,
		"key": &r.key, "spf": &r.spf,
	}
	switch {
	case texts[word] != nil:
		*texts[word] = rest
	case word == "top":
		r.top, r.severity, _ = strings.Cut(rest, " ")
	case word == "also":
		r.also = append(r.also, strings.Fields(rest)...)
	case word == "unknown":
		r.unknown = true
	case word == "thorough":
		r.thorough = true
	case word == "behave":
		r.behave = append(r.behave, strings.Fields(rest))
	case word == "+" || word == "-" || word == "=":
		f := strings.SplitN(rest, " ", 3)
		e := edit{sign: word[0], name: f[0]}
		var ok bool
		if len(f) > 1 {
			e.typ, ok = dns.ParseType(f[1])
		}
		if !ok || (word == "+") != (len(f) == 3) && word != "=" {
			return errors.New("not of the form SIGN NAME TYPE VALUE")
		}
		if len(f) == 3 {
			e.value = f[2]
		}
		if word == "=" {
			r.right = append(r.right, e)
		} else {
			r.edits = append(r.edits, e)
		}
	default:
		return fmt.Errorf("%q means nothing", word)
	}
	return nil
}

// behaviour reads how a name is answered.
func behaviour(t *testing.T, words []string) nameserver.Behaviour {
	t.Helper()
	var b nameserver.Behaviour
	for _, w := range words {
		switch w {
		case "below":
			b.Below = true
		case "servfail":
			b.Rcode = nameserver.ServFail
		case "bogus":
			b.Rcode, b.Unless = nameserver.ServFail, true
		case "ad":
			b.AD, b.NoAA = true, true
		case "truncate":
			b.Truncate = true
		case "refuse-tcp":
			b.RefuseTCP = true
		default:
			typ, ok := dns.ParseType(w)
			if !ok {
				t.Fatalf("behave %q means nothing", w)
			}
			b.Types = append(b.Types, typ)
		}
	}
	return b
}

// records are record sets by question; a value is the strings of a TXT record
// or one text.
type records map[dns.Question][][]string

func apply(lists ...[]edit) records {
	out := records{}
	put := map[dns.Question]bool{}
	for _, edits := range lists {
		clear(put)
		for _, e := range edits {
			q := dns.Ask(e.name, e.typ)
			if e.sign == '-' || e.sign == '=' && !put[q] {
				delete(out, q)
			}
			put[q] = true
			if e.value != "" {
				out[q] = append(out[q], values(e))
			}
		}
	}
	return out
}

// token is what stands for characters that a text file cannot hold well.
var token = regexp.MustCompile(`<([^<>]*)>`)

func values(e edit) []string {
	const (
		spf   = "v=spf1 include:spf.protection.outlook.com include:_spf.clockwise.info -all"
		dmarc = "v=DMARC1; p=none; rua=mailto:dmarc@customer.example"
	)
	short := map[string]string{
		"SPF-OK": spf, "DKIM-OK": "v=DKIM1; k=rsa; p=<KEY>", "DMARC-OK": dmarc,
		"MX-OK": "10 customer-example.mail.protection.outlook.com.",
	}
	text := e.value
	if s, ok := short[text]; ok {
		text = s
	}
	if e.typ != dns.TypeTXT && e.typ != dns.TypeSPF {
		return []string{text}
	}
	strs := []string{text}
	if strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") {
		strs = strings.Split(text[1:len(text)-1], "][")
	}
	for i, s := range strs {
		strs[i] = token.ReplaceAllStringFunc(s, func(t string) string { return special(t[1 : len(t)-1]) })
	}
	if len(strs) == 1 {
		for last := strs[0]; len(last) > 255; last = strs[len(strs)-1] {
			strs = append(strs[:len(strs)-1], last[:255], last[255:])
		}
	}
	return strs
}

// special is the text for the inside of a token.
func special(name string) string {
	word, rest, _ := strings.Cut(name, " ")
	switch {
	case name == "SP":
		return " "
	case name == "TAB":
		return "\t"
	case name == "LF":
		return "\n"
	case strings.HasPrefix(name, "U+"):
		n, _ := strconv.ParseUint(name[2:], 16, 32)
		return string(rune(n))
	case strings.HasPrefix(name, "x"):
		n, _ := strconv.ParseUint(name[1:], 16, 8)
		return string([]byte{byte(n)})
	case name == "KEY lower":
		return strings.ToLower(keys().public)
	case name == "KEY spaces":
		return strings.ReplaceAll(keys().public, "+", " ")
	case name == "KEY PKCS1":
		return base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PublicKey(keys().rsa))
	case strings.HasPrefix(name, "KEY exponent "):
		e, _ := strconv.Atoi(rest[len("exponent "):])
		return publicText(&rsa.PublicKey{N: keys().rsa.N, E: e})
	case word == "KEY" && rest != "" && !strings.Contains(rest, "-"):
		bits, _ := strconv.Atoi(rest)
		return publicText(madeUp(bits))
	case word == "KEY" && rest != "":
		var from, to int
		_, _ = fmt.Sscanf(rest, "%d-%d", &from, &to)
		return keys().public[from-1 : to]
	}
	return map[string]string{"KEY": keys().public, "OTHERKEY": keys().other, "PRIVATE KEY": keys().private}[name]
}

type keyPairs struct {
	rsa                    *rsa.PublicKey
	public, private, other string
}

// keys makes the keys of the corpus: the expected one, and others.
var keys = sync.OnceValue(func() (k keyPairs) {
	for k.public == "" || !strings.Contains(k.public, "+") { // one of the mistakes turns them into spaces
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		private, _ := x509.MarshalPKCS8PrivateKey(key)
		k.rsa, k.public, k.private = &key.PublicKey, publicText(&key.PublicKey), base64.StdEncoding.EncodeToString(private)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	k.other = publicText(&other.PublicKey)
	return k
})

func publicText(key *rsa.PublicKey) string {
	der, _ := x509.MarshalPKIXPublicKey(key)
	return base64.StdEncoding.EncodeToString(der)
}

// madeUp is a public key whose private half nobody knows.
func madeUp(bits int) *rsa.PublicKey {
	primes := big.NewInt(1)
	for p := int64(3); p < 2000; p += 2 {
		if big.NewInt(p).ProbablyPrime(0) {
			primes.Mul(primes, big.NewInt(p))
		}
	}
	n := new(big.Int).SetBit(big.NewInt(1), bits-1, 1)
	for new(big.Int).GCD(nil, nil, n, primes).Cmp(big.NewInt(1)) != 0 { // small factors are another finding
		n.Add(n, big.NewInt(2))
	}
	return &rsa.PublicKey{N: n, E: 65537}
}

// zone is what a name server serves.
func (rs records) zone() *nameserver.Zone {
	z := nameserver.NewZone()
	for q, all := range rs {
		for _, v := range all {
			switch q.Type {
			case dns.TypeTXT:
				z.TXT(q.Name, v...)
			case dns.TypeSPF:
				z.SPF(q.Name, v...)
			default:
				_ = z.Add(fmt.Sprintf("%s %s %s", q.Name, q.Type, v[0])) // Serve tells of errors
			}
		}
	}
	return z
}

// set is one record set for an Overlay.
func (rs records) set(q dns.Question) dns.Set {
	s := dns.Set{Name: q.Name, Type: q.Type}
	for _, v := range rs[q] {
		if q.Type != dns.TypeTXT && q.Type != dns.TypeSPF {
			s.Values = append(s.Values, v[0])
			continue
		}
		var quoted []string
		for _, str := range v {
			quoted = append(quoted, `"`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(str)+`"`)
		}
		s.Values = append(s.Values, strings.Join(quoted, " "))
	}
	return s
}

// overlay changes what r answers into what rs holds.
func (rs records) overlay(r dns.Resolver, old records) dns.Resolver {
	var sets []dns.Set
	same := func(a, b []string) bool { return slices.Equal(a, b) }
	for q := range old {
		if !slices.EqualFunc(old[q], rs[q], same) {
			sets = append(sets, rs.set(q))
		}
	}
	for q := range rs {
		if _, known := old[q]; !known {
			sets = append(sets, rs.set(q))
		}
	}
	return dns.NewOverlay(r, sets)
}

// mend applies a fix as somebody would in a panel.
func (rs records) mend(fix *finding.Fix) (records, error) {
	out := records{}
	for q, v := range rs {
		out[q] = slices.Clone(v)
	}
	for _, rec := range fix.Records {
		typ, ok := dns.ParseType(rec.Type)
		if !ok {
			return nil, fmt.Errorf("type %q is not known", rec.Type)
		}
		q := dns.Ask(rec.Name, typ)
		if rec.Replaces != nil {
			i := slices.IndexFunc(out[q], func(v []string) bool {
				old := strings.Join(v, "")
				return old == *rec.Replaces || typ != dns.TypeTXT && strings.TrimSuffix(old, ".") == strings.TrimSuffix(*rec.Replaces, ".")
			})
			if i < 0 {
				return nil, fmt.Errorf("%s has no %q to replace", q, *rec.Replaces)
			}
			out[q] = slices.Delete(out[q], i, i+1)
		}
		if !rec.Remove {
			if rec.Value == "" {
				return nil, fmt.Errorf("%s: an empty record is proposed", q)
			}
			out[q] = append(out[q], values(edit{typ: typ, value: rec.Value}))
		}
		if len(out[q]) == 0 {
			delete(out, q)
		}
	}
	for q := range out {
		for other := range out {
			if q.Type == dns.TypeCNAME && other.Name == q.Name && other.Type != q.Type && len(rs[q])*len(rs[other]) == 0 {
				return nil, fmt.Errorf("%s would stand beside %s", other, q)
			}
		}
	}
	return out, nil
}
