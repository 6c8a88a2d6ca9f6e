package provider

import (
	"regexp"
	"sync"

	"clockwise.info/cwmail/checks/pattern"
)

// Certainty says how well something is known.
type Certainty string

// The certainties.
const (
	Confirmed Certainty = "confirmed" // by the company's own pages, or by a program that talks to it
	Partly    Certainty = "partly"    // indirect, old, or some of it only
	Unsure    Certainty = "unsure"
)

// Provider is what is known about a company that runs name servers.
type Provider struct {
	ID      string
	Name    string
	Servers Certainty // of the pattern of its name servers
	Entry   Certainty // of how its panel wants a record

	// Wholesale means that the customer has no login there.
	Wholesale bool

	servers func() *regexp.Regexp
	panel   panel
}

// panel is how the panel of a company wants a record.
type panel struct {
	apex, sub cell[host]
	label     string // what the panel calls the field for the name; "" where not known
	where     cell[string]
	txtOnly   bool // where leads to TXT records alone
	first     string
	quotes    quotes
	room      room
	refused   []refusal
	notes     []note
}

// cell is a cell of the table. The zero value is a cell without anything known,
// and a guess is kept but never shown.
type cell[T comparable] struct {
	value T
	guess bool
}

// known returns what may be shown.
func (c cell[T]) known() (T, bool) {
	var none T
	if c.guess || c.value == none {
		return none, false
	}
	return c.value, true
}

func sure[T comparable](v T) cell[T]    { return cell[T]{value: v} }
func guessed[T comparable](v T) cell[T] { return cell[T]{value: v, guess: true} }

// host is a way to write the name of a record.
type host int

const (
	anyHost host = iota // not known
	at                  // "@" for the zone itself
	empty               // nothing for the zone itself
	short               // the part in front of the zone
	full                // the whole name with a dot at the end
)

// quotes is how a value is written.
type quotes int

const (
	bare      quotes = iota // without quotation marks, in one piece
	quoted                  // in quotation marks, in parts of at most 255 octets
	longSplit               // a long value as quoted, a short one bare
	ownSplit                // not the same in all panels behind these servers
)

// room is how long a value may be; 0: no limit is known.
type room struct {
	most    int
	written bool // counted as written in a zone file, with quotation marks and backslashes
}

// refusal is something in a value that a panel does not take.
type refusal struct {
	has func(value string) bool
	say string
}

// note is a remark for the records that it holds for.
type note struct {
	spf bool // for SPF records alone; else for all TXT records
	say string
}

// row makes a provider of the columns that all rows have.
func row(id, name, servers string, ns, entry Certainty, p panel) *Provider {
	return &Provider{ID: id, Name: name, Servers: ns, Entry: entry, servers: pattern.Lazy(servers), panel: p}
}

func wholesale(p *Provider) *Provider {
	p.Wholesale = true
	return p
}

// Table lists all providers. The first one that matches a name server wins. It
// is made at the first use.
var Table = sync.OnceValue(func() []*Provider {
	return append(withPanel(), nameOnly()...)
})

// withPanel are the companies of whose panel something is known or guessed.
func withPanel() []*Provider {
	relative := sure(short)
	return []*Provider{
		row("cloudflare", "Cloudflare", `\.ns\.cloudflare\.com$`, Confirmed, Partly, panel{
			apex: sure(at), sub: relative, where: guessed("domain > DNS > Records"),
			notes: []note{{say: longByItself}},
		}),
		row("route53", "AWS Route 53", `^ns-\d+\.awsdns-\d{2}\.(com|net|org|co\.uk)$`, Confirmed, Confirmed, panel{
			apex: sure(empty), sub: relative, label: "Name", where: sure("Route 53 > Hosted zones > Create record"),
			quotes: quoted, notes: []note{{say: quotesByItself}},
		}),
		row("azure", "Azure DNS", `^ns\d-\d{2,3}\.azure-dns\.(com|net|org|info)$`, Partly, Partly, panel{
			apex: sure(at), sub: relative, where: sure("DNS zones > zone > + Record set"),
		}),
		row("google", "Google Cloud DNS, or Squarespace", `^ns-cloud-[a-e]\d\.googledomains\.com$`, Partly, Partly, panel{
			apex: sure(empty), sub: relative, where: sure("Network services > Cloud DNS, in Google Cloud"),
			quotes: ownSplit, notes: []note{{say: cloudDNSQuotes}},
		}),
		row("squarespace", "Squarespace Domains", `\.squarespacedns\.com$`, Unsure, Unsure, panel{
			apex: guessed(at), sub: guessed(short), where: guessed("Domains > DNS > DNS settings > Custom records"),
		}),
		row("godaddy", "GoDaddy", `\.domaincontrol\.com$`, Partly, Partly, panel{
			apex: sure(at), sub: relative, where: sure("My Products > DNS > Add"),
		}),
		row("namecheap", "Namecheap", `^dns[12]\.registrar-servers\.com$`, Confirmed, Partly, panel{
			apex: guessed(at), sub: guessed(short), where: guessed("Domain List > Manage > Advanced DNS"),
			refused: []refusal{doubleQuotes},
		}),
		row("ovh", "OVHcloud", `^((dns|ns)\d+\.ovh\.(net|ca)|.+\.anycast\.me)$`, Confirmed, Confirmed, panel{
			apex: sure(empty), sub: relative, label: "Sub-domain",
			where: sure("Web Cloud > Domain > DNS zone > Add an entry > TXT"), txtOnly: true,
		}),
		row("gandi", "Gandi", `^(ns-\d+-[abc]\.gandi\.net|[abc]\.dns\.gandi\.net)$`, Partly, Partly, panel{
			apex: sure(at), sub: relative, where: sure("Domain > DNS Records"),
		}),
		row("hetzner", "Hetzner DNS", `^((hydrogen|oxygen)\.ns\.hetzner\.com|helium\.ns\.hetzner\.de)$`, Partly, Partly, panel{
			apex: sure(at), sub: relative, where: sure("DNS in Hetzner Console (it was dns.hetzner.com)"), quotes: longSplit,
		}),
		row("hetzner-robot", "Hetzner Robot, konsoleH", `(^|\.)(first-ns\.de|second-ns\.(de|com))$`, Partly, Partly, panel{
			apex: sure(at), sub: relative,
		}),
		row("ionos", "IONOS", `^ns\d+\.ui-dns\.(com|de|org|biz)$`, Partly, Partly, panel{
			apex: sure(empty), sub: relative, where: sure("Domains & SSL > gear > DNS > Add record"),
		}),
		row("dnsimple", "DNSimple", `^ns\d\.dnsimple(-edge)?\.(com|net|org)$`, Partly, Partly, panel{
			apex: sure(empty), sub: relative, where: sure("Domain > DNS > Manage"),
			room: room{most: 1000}, refused: []refusal{spaceAtEnd, oddQuotes},
		}),
		row("digitalocean", "DigitalOcean", `^ns[123]\.digitalocean\.com$`, Confirmed, Partly, panel{
			apex: sure(at), sub: relative, where: sure("Networking > Domains"),
			room: room{most: 512, written: true}, refused: []refusal{backslash},
		}),
		row("strato", "STRATO", `\.rzone\.de$`, Confirmed, Confirmed, panel{
			apex: sure(empty), sub: relative, label: "Präfix",
			where: sure("Domains > Domainverwaltung > verwalten > DNS > TXT Records inkl. SPF"), txtOnly: true,
			notes: []note{{spf: true, say: stratoSPF}},
		}),
		row("antagonist", "Antagonist", `(\.webhostingserver\.nl|^antagonist.*\.g1-dns\.(com|one))$`, Partly, Partly, panel{
			apex: guessed(full), sub: relative, where: sure("DirectAdmin: Account Manager > DNS Management > Add record"),
			notes: []note{{say: fullNeedsDot}},
		}),
		row("onecom", "one.com", `^ns0[12]\.one\.com$`, Unsure, Unsure, panel{
			apex: guessed(empty), sub: guessed(short), where: guessed("Control panel > DNS settings > DNS records"),
		}),
		row("groupone", "a brand of group.one", `(\.dn-s\.nl|\.g1-dns\.(com|one))$`, Unsure, Unsure, panel{}),
		row("combell", "Combell", `\.combell\.(net|com)$`, Unsure, Unsure, panel{
			apex: guessed(empty), sub: guessed(short), where: guessed("My Combell > Domain > DNS & forwarding > TXT"),
		}),
		row("transip", "TransIP", `^ns\d\.transip\.(net|nl|eu)$`, Confirmed, Confirmed, panel{
			apex: sure(at), sub: relative, first: transipSwitch,
			where: sure("Domain (select it, do not tick its box) > Advanced domain settings > DNS"),
			room:  room{most: 1024}, refused: []refusal{backTick, backslash, spaceAtBegin, spaceAtEnd},
		}),
		row("hostnet", "Hostnet", `\.hostnet\.nl$`, Partly, Unsure, panel{
			apex: guessed(at), sub: guessed(short), where: guessed("mijn.hostnet.nl > domein > DNS-beheer"),
		}),
		row("vimexx", "Vimexx", `^ns\d?\.zxcs\.(nl|be|eu)$`, Confirmed, Partly, panel{
			where: sure("klantenpaneel > Mijn Domeinen > domein > DNS"),
		}),
	}
}

// nameOnly are the companies of which little more than the name is known.
func nameOnly() []*Provider {
	guess := func(where string) panel { return panel{where: guessed(where)} }
	none := panel{}
	return []*Provider{
		row("versio", "Versio", `(\.versio\.(nl|eu)|\.cldin\.eu)$`, Unsure, Unsure, none),
		row("axc", "AXC", `^nszero\d\.axc\.(nl|eu)$`, Confirmed, Unsure, none),
		row("mijndomein", "mijndomein", `\.mijndomein\.nl$`, Unsure, Unsure, guess("Mijn account > domein > DNS instellingen")),
		wholesale(row("metaregistrar", "Metaregistrar", `\.metaregistrar\.nl$`, Unsure, Unsure, none)),
		row("argeweb", "Argeweb", `\.argewebhosting\.(eu|com|nl)$`, Confirmed, Unsure, none),
		wholesale(row("realtimeregister", "Realtime Register", `^ns[12]\.yoursrs\.com$`, Confirmed, Unsure, none)),
		wholesale(row("openprovider", "Openprovider", `^ns[123]\.openprovider\.(nl|be|eu)$`, Confirmed, Unsure, none)),
		row("yourhosting", "Yourhosting", `(\.firstfind\.nl|\.yourhosting\.nl)$`, Partly, Unsure, guess("Mijn Yourhosting > domein > DNS")),
		row("neostrada", "Neostrada", `\.neostrada\.nl$`, Partly, Unsure, guess("Mijn Neostrada > domein > DNS")),
		row("microsoft365", "Microsoft 365", `^ns\d\.bdm\.microsoftonline\.com$`, Unsure, Unsure, panel{
			apex: guessed(at), sub: guessed(short), where: guessed("Microsoft 365 admin center > Settings > Domains > DNS records"),
		}),
		row("hosting2go", "Hosting2GO", `\.hosting2go\.nl$`, Partly, Unsure, none),
		row("flexwebhosting", "Flexwebhosting", `\.flexwebhosting\.nl$`, Partly, Unsure, none),
		row("webreus", "WebReus", `\.webreus\.nl$`, Partly, Unsure, none),
		row("pcextreme", "PCextreme", `\.pcextreme\.nl$`, Partly, Unsure, none),
		row("bit", "BIT", `\.bit\.nl$`, Partly, Unsure, none),
		row("vevida", "Vevida", `\.vevida\.net$`, Partly, Unsure, none),
		row("is", "is.nl", `\.is\.nl$`, Partly, Unsure, none),
		row("leaseweb", "Leaseweb", `\.leaseweb\.nl$`, Partly, Unsure, none),
		row("xs4all", "XS4ALL", `\.xs4all\.nl$`, Partly, Unsure, none),
		row("kpn", "KPN", `\.kpn\.net$`, Partly, Unsure, none),
		row("byte", "Byte", `\.byte\.nl$`, Partly, Unsure, none),
		row("oxilion", "Oxilion", `\.oxilion\.nl$`, Partly, Unsure, none),
		row("bhosted", "bHosted", `\.bhosted\.nl$`, Partly, Unsure, none),
		row("widexs", "WideXS", `\.widexs\.nl$`, Partly, Unsure, none),
		row("exonet", "Exonet", `\.exonet\.nl$`, Partly, Unsure, none),
	}
}
