package mx

import (
	"testing"

	"clockwise.info/cwmail/checks/dns/dnstest"
	"clockwise.info/cwmail/checks/finding"
)

const microsoft = "10 customer-example.mail.protection.outlook.com."

// soundZone is the rest of the world, without the MX records of the customer.
func soundZone(lines ...string) *dnstest.Zone {
	return dnstest.New(append([]string{
		"mail.customer.example A 192.0.2.25",
		"customer-example.mail.protection.outlook.com A 192.0.2.1",
		"aspmx.l.google.com AAAA 2001:db8::25",
		"customer.example TXT v=spf1 -all",
	}, lines...)...)
}

func examine(t *testing.T, z *dnstest.Zone, used bool) []finding.Finding {
	t.Helper()
	out := Findings(Input{Result: Lookup(t.Context(), z, "Customer.Example."), Used: used})
	return arrange(out)
}

func arrange(out []finding.Finding) []finding.Finding {
	finding.Silence(out)
	finding.Sort(out, finding.Order(Rules()))
	return out
}

// codes lists the findings that are not silenced.
func codes(all []finding.Finding) []string {
	var out []string
	for _, f := range all {
		if f.SilencedBy == "" {
			out = append(out, f.Code())
		}
	}
	return out
}

func find(all []finding.Finding, code string) *finding.Finding {
	for i := range all {
		if all[i].Code() == code {
			return &all[i]
		}
	}
	return nil
}
