package provider

import (
	"slices"
	"testing"
)

// servers has for each row name servers as they are met, and names that look
// like them and are nobody's.
var servers = map[string]struct{ good, near []string }{
	"cloudflare":       {[]string{"ada.ns.cloudflare.com", "Bob.NS.Cloudflare.com."}, []string{"ada.ns.cloudflare.com.example", "ns.cloudflare.com"}},
	"route53":          {[]string{"ns-2048.awsdns-64.com", "ns-1.awsdns-00.co.uk"}, []string{"ns-2048.awsdns-64.de", "xns-2048.awsdns-64.com"}},
	"azure":            {[]string{"ns1-07.azure-dns.com", "ns4-207.azure-dns.info"}, []string{"ns1-07.azure-dns.nl", "ns1-7.azure-dns.com"}},
	"google":           {[]string{"ns-cloud-a1.googledomains.com"}, []string{"ns-cloud-f1.googledomains.com"}},
	"squarespace":      {[]string{"dns1.p01.squarespacedns.com"}, []string{"squarespacedns.com"}},
	"godaddy":          {[]string{"ns51.domaincontrol.com"}, []string{"evil-domaincontrol.com.example", "ns1.evil-domaincontrol.com", "domaincontrol.com"}},
	"namecheap":        {[]string{"dns1.registrar-servers.com"}, []string{"dns3.registrar-servers.com"}},
	"ovh":              {[]string{"dns102.ovh.net", "ns15.ovh.ca", "dns200.anycast.me"}, []string{"dns102.ovh.de", "anycast.me"}},
	"gandi":            {[]string{"ns-12-b.gandi.net", "a.dns.gandi.net"}, []string{"d.dns.gandi.net"}},
	"hetzner":          {[]string{"hydrogen.ns.hetzner.com", "oxygen.ns.hetzner.com", "helium.ns.hetzner.de"}, []string{"helium.ns.hetzner.com"}},
	"hetzner-robot":    {[]string{"ns1.first-ns.de", "robotns2.second-ns.de", "robotns3.second-ns.com"}, []string{"ns1.notfirst-ns.de"}},
	"ionos":            {[]string{"ns1089.ui-dns.com", "ns1023.ui-dns.biz"}, []string{"ns.ui-dns.com"}},
	"dnsimple":         {[]string{"ns1.dnsimple.com", "ns2.dnsimple-edge.net"}, []string{"ns1.dnsimple.nl"}},
	"digitalocean":     {[]string{"ns1.digitalocean.com"}, []string{"ns4.digitalocean.com"}},
	"strato":           {[]string{"shades01.rzone.de", "docks20.rzone.de"}, []string{"rzone.de.example"}},
	"antagonist":       {[]string{"ns1.webhostingserver.nl", "antagonist-1.g1-dns.com"}, []string{"webhostingserver.nl"}},
	"onecom":           {[]string{"ns01.one.com"}, []string{"ns03.one.com"}},
	"groupone":         {[]string{"hostnet1.g1-dns.one", "a.dn-s.nl"}, []string{"a.dns.nl"}},
	"combell":          {[]string{"ns3.combell.net", "ns4.combell.com"}, []string{"ns3.combell.nl"}},
	"transip":          {[]string{"ns0.transip.net", "ns1.transip.nl", "ns2.transip.eu"}, []string{"ns0.transip.com", "xns0.transip.net"}},
	"hostnet":          {[]string{"ns1.hostnet.nl"}, []string{"ns1.phostnet.nl"}},
	"vimexx":           {[]string{"ns.zxcs.nl", "ns1.zxcs.be"}, []string{"ns10.zxcs.nl"}},
	"versio":           {[]string{"nszero1.versio.nl", "ns1.cldin.eu"}, []string{"nszero1.versio.be"}},
	"axc":              {[]string{"nszero1.axc.nl"}, []string{"ns1.axc.nl"}},
	"mijndomein":       {[]string{"ns1.mijndomein.nl"}, []string{"mijndomein.nl"}},
	"metaregistrar":    {[]string{"ns1.metaregistrar.nl"}, []string{"ns1.metaregistrar.com"}},
	"argeweb":          {[]string{"ns1.argewebhosting.eu"}, []string{"ns1.argeweb.nl"}},
	"realtimeregister": {[]string{"ns1.yoursrs.com"}, []string{"ns3.yoursrs.com"}},
	"openprovider":     {[]string{"ns1.openprovider.nl", "ns2.openprovider.be", "ns3.openprovider.eu"}, []string{"ns4.openprovider.nl"}},
	"yourhosting":      {[]string{"ns1.firstfind.nl", "ns2.yourhosting.nl"}, []string{"ns1.firstfind.be"}},
	"neostrada":        {[]string{"ns1.neostrada.nl"}, []string{"ns1.neostrada.com"}},
	"microsoft365":     {[]string{"ns1.bdm.microsoftonline.com"}, []string{"ns1.microsoftonline.com"}},
	"hosting2go":       {[]string{"ns1.hosting2go.nl"}, []string{"ns1hosting2go.nl"}},
	"flexwebhosting":   {[]string{"ns1.flexwebhosting.nl"}, []string{"ns1flexwebhosting.nl"}},
	"webreus":          {[]string{"ns1.webreus.nl"}, []string{"ns1webreus.nl"}},
	"pcextreme":        {[]string{"ns1.pcextreme.nl"}, []string{"ns1pcextreme.nl"}},
	"bit":              {[]string{"nsauth1.bit.nl"}, []string{"ns1.orbit.nl"}},
	"vevida":           {[]string{"ns1.vevida.net"}, []string{"ns1.vevida.nl"}},
	"is":               {[]string{"ns1.is.nl"}, []string{"ns1.this.nl"}},
	"leaseweb":         {[]string{"ns1.leaseweb.nl"}, []string{"ns1.leaseweb.nl.example"}},
	"xs4all":           {[]string{"ns.xs4all.nl"}, []string{"nsxs4all.nl"}},
	"kpn":              {[]string{"ns1.kpn.net"}, []string{"ns1.okpn.net"}},
	"byte":             {[]string{"ns1.byte.nl"}, []string{"ns1.megabyte.nl"}},
	"oxilion":          {[]string{"ns1.oxilion.nl"}, []string{"ns1oxilion.nl"}},
	"bhosted":          {[]string{"ns1.bhosted.nl"}, []string{"ns1.webhosted.nl"}},
	"widexs":           {[]string{"ns.widexs.nl"}, []string{"nswidexs.nl"}},
	"exonet":           {[]string{"ns1.exonet.nl"}, []string{"ns1.hexonet.nl"}},
}

func TestTable(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range Table() {
		if seen[p.ID] || p.ID == "" || p.Name == "" {
			t.Errorf("row %q stands there twice, or lacks its name", p.ID)
		}
		seen[p.ID] = true
		try, ok := servers[p.ID]
		if !ok {
			t.Errorf("no name server of %s is tried", p.ID)
		}
		d := Detect(try.good)
		if len(d.Providers) != 1 || d.Providers[0] != p || d.Name() != p.Name || d.Certainty() != p.Servers {
			t.Errorf("%s: %v is recognised as %q", p.ID, try.good, d.Name())
		}
		for _, s := range append([]string{p.ID + ".example"}, try.near...) {
			if d := Detect([]string{s}); d.Known() {
				t.Errorf("%s is recognised as %s", s, d.Name())
			}
		}
	}
	if len(seen) != len(servers) || len(seen) != 47 {
		t.Errorf("%d rows, %d are tried", len(seen), len(servers))
	}
}

// TestWholesale holds that the rows of wholesalers, and no others, are marked.
func TestWholesale(t *testing.T) {
	var got []string
	for _, p := range Table() {
		if p.Wholesale {
			got = append(got, p.ID)
		}
	}
	if want := []string{"metaregistrar", "realtimeregister", "openprovider"}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

func TestDetect(t *testing.T) {
	for _, c := range []struct {
		servers []string
		want    string
	}{
		{nil, ""},
		{[]string{""}, ""},
		{[]string{"ns0.transip.net", "ns1.transip.nl"}, "TransIP"},
		{[]string{"ns0.transip.net", "ns.acme.example"}, ""}, // who is the other?
		{[]string{"ns.acme.example", "ns0.transip.net"}, ""},
		{[]string{"ns0.transip.net", "ada.ns.cloudflare.com"}, "Cloudflare and TransIP"},
		{[]string{"antagonist-1.g1-dns.com", "antagonist-2.g1-dns.one"}, "Antagonist"}, // the first row wins
		{[]string{"antagonist-1.g1-dns.com", "other.g1-dns.com"}, "Antagonist and a brand of group.one"},
		{[]string{"ns1.acme.example"}, ""},
	} {
		d := Detect(c.servers)
		if d.Name() != c.want || d.Known() != (c.want != "") {
			t.Errorf("%v: %q, want %q", c.servers, d.Name(), c.want)
		}
		if len(d.Providers) != 1 && d.Certainty() != Unsure {
			t.Errorf("%v: certainty %s", c.servers, d.Certainty())
		}
	}
	many := make([]string, 1000)
	for i := range many {
		many[i] = string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + ".rzone.de"
	}
	if d := Detect(many); d.Known() {
		t.Error("a zone with hundreds of servers is taken for a customer's")
	}
}

func FuzzDetect(f *testing.F) {
	f.Add("ns0.transip.net", "ada.ns.cloudflare.com")
	f.Add("", "\x00.rzone.de")
	f.Fuzz(func(t *testing.T, a, b string) {
		d := Detect([]string{a, b})
		if swapped := Detect([]string{b, a}); swapped.Name() != d.Name() {
			t.Errorf("%q or %q: the order decides", d.Name(), swapped.Name())
		}
	})
}
