package dns

import (
	"testing"

	"clockwise.info/cwmail/checks/dns/internal/wire"
	mdns "github.com/miekg/dns"
)

// packed is a response made by another library, with compression.
func packed(tb testing.TB, q Question, answers, authority []string) []byte {
	tb.Helper()
	m := new(mdns.Msg)
	m.SetQuestion(mdns.Fqdn(q.Name), uint16(q.Type))
	m.Response, m.Compress = true, true
	for list, texts := range map[*[]mdns.RR][]string{&m.Answer: answers, &m.Ns: authority} {
		for _, s := range texts {
			rr, err := mdns.NewRR(s)
			if err != nil {
				tb.Fatal(err)
			}
			*list = append(*list, rr)
		}
	}
	b, err := m.Pack()
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func decode(m []byte, q Question) (Answer, string, error) {
	section, err := wire.AppendQuestion(nil, q.Name, uint16(q.Type))
	if err != nil {
		return Answer{}, "", err
	}
	msg, err := readMessage(m, section)
	if err != nil {
		return Answer{}, "", err
	}
	a := Answer{Question: q}
	more, err := msg.answer(&a, q)
	return a, more, err
}

func TestDecode(t *testing.T) {
	q := Ask("www.acme.example", TypeMX)
	a, more, err := decode(packed(t, q, []string{
		"www.acme.example. 60 CNAME acme.example.",
		"acme.example. 30 MX 10 mail.acme.example.",
		"acme.example. 90 MX 20 mail2.acme.example.",
		"other.example. 1 MX 20 mail2.acme.example.",
	}, nil), q)
	if err != nil || more != "" || a.Status != Found || len(a.Records) != 2 || a.Records[1].Host != "mail2.acme.example" ||
		a.Records[0].Name != "acme.example" || a.TTL.Seconds() != 30 || len(a.Chain) != 1 {
		t.Errorf("%+v %q %v", a, more, err)
	}
	soa := []string{"example. 600 SOA ns.example. h.example. 1 2 3 4 300"}
	for _, tc := range []struct {
		answers, authority []string
		more               string
		status             Status
	}{
		{nil, soa, "", Empty},
		{nil, nil, "", Empty},
		{[]string{"www.acme.example. 60 CNAME x.example."}, soa, "", Empty},
		{[]string{"www.acme.example. 60 CNAME x.test."}, soa, "x.test", 0},
		{[]string{"www.acme.example. 60 CNAME x.test."}, nil, "x.test", 0},
		{[]string{"a.test. 60 MX 1 x.test."}, nil, "", Empty},
	} {
		a, more, err := decode(packed(t, q, tc.answers, tc.authority), q)
		if err != nil || more != tc.more || more == "" && a.Status != tc.status || tc.authority != nil && more == "" && a.TTL.Seconds() != 300 {
			t.Errorf("%q %q: %+v %q %v", tc.answers, tc.authority, a, more, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	q := Ask("www.acme.example", TypeTXT)
	f.Add(packed(f, q, []string{"www.acme.example. 60 CNAME a.example.", `a.example. 1 TXT "x" "y"`}, nil), uint16(TypeTXT))
	f.Add(packed(f, q, nil, []string{"example. 600 SOA ns.example. h.example. 1 2 3 4 300"}), uint16(TypeTXT))
	f.Add(packed(f, Ask("www.acme.example", 257), []string{`www.acme.example. 60 CAA 0 issue "x"`}, nil), uint16(257))
	f.Add(packed(f, Ask("www.acme.example", TypeTLSA), []string{`www.acme.example. 60 TLSA 3 1 1 00`}, nil), uint16(TypeTLSA))
	f.Fuzz(func(t *testing.T, m []byte, typ uint16) {
		q := Question{"www.acme.example", Type(typ)}
		a, more, err := decode(m, q)
		if err != nil || more != "" {
			return
		}
		if (a.Status == Found) != (len(a.Records) > 0) || len(a.Chain) > maxHops || a.Status == Failed && a.Err == nil {
			t.Errorf("%+v", a)
		}
	})
}
