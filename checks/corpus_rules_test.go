package checks_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clockwise.info/cwmail/checks"
)

// elsewhere names the tests that raise what the corpus does not: mostly what
// needs a mail server, or a value that an examination does not look up.
var elsewhere = []struct{ file, test, codes string }{
	{
		"relay/relay_test.go", "TestFindings",
		`smtp.unreadable smtp.host-not-found smtp.timed-out smtp.no-route smtp.dropped
		smtp.partly-reachable smtp.banner-wrong smtp.middlebox smtp.ehlo-refused smtp.tls-style-wrong
		smtp.auth-before-tls smtp.auth-not-offered smtp.auth-no-common-mechanism smtp.temporarily-unavailable
		smtp.reply-unexplained tls.missing tls.unavailable tls.handshake-failed tls.version-old tls.name-mismatch
		tls.self-signed tls.chain-incomplete tls.certificate-expired tls.certificate-not-yet-valid
		tls.certificate-expiring tls.certificate-renewal-due tls.certificate-weak tls.certificate-purpose-wrong
		tls.chain-expired tls.cipher-weak tls.unreadable smtp.helo-name-bad smtp.protocol-broken
		smtp.size-too-small smtp.capability-missing smtp.starttls-required smtp.auth-old-form smtp.auth-required
		smtp.greylisted smtp.rate-limited smtp.refused-by-ptr smtp.refused-by-blocklist o365.host-wrong o365.relay-on-wrong-port
		o365.submission-on-port-25`,
	},
	{"corpus_elsewhere_test.go", "TestEditedAtWrongProvider", `dns.edited-at-wrong-provider`},
	{"peers_test.go", "TestPeers", `dmarc.tightening-would-break`},
	{"peers_test.go", "TestParked", `spf.parked-not-closed dmarc.parked-not-closed`},
	{"relay/elsewhere_test.go", "TestPort25Blocked", `smtp.port-25-blocked`},
	{"relay/elsewhere_test.go", "TestBannerName", `smtp.banner-name-differs`},
	{"relay/elsewhere_test.go", "TestInjection", `smtp.starttls-injection`},
	{"relay/elsewhere_test.go", "TestDemanded", `tls.stripped`},
	{"relay/elsewhere_test.go", "TestClockSkew", `tls.clock-skew`},
	{"relay/elsewhere_test.go", "TestBusyThenSlow", `smtp.banner-slow`},
	{
		"spf/vectors_test.go", "TestFindings",
		`spf.string-too-long spf.too-many-ptr-names
		spf.helo-without-spf`,
	},
	{
		"zone/servers_test.go", "TestServers",
		`dns.delegation-differs dns.server-unreachable
		dns.edns-broken dns.dnssec-expiring dns.negative-ttl-long dns.ttl-long
		dns.ttl-short dns.failure-cached dns.split-horizon`,
	},
	{"mx/findings_test.go", "TestFindings", `mx.null mx.target-unregistered mx.address-private`},
	{
		"address/findings_test.go", "TestFindings",
		`ip.unreadable ip.ptr-missing ip.ptr-not-confirmed ip.ptr-multiple ip.ptr-generic ip.helo-differs
		ip.egress-outside-network ip.instance-outside-network ip.egress-several ip.egress-unsuitable
		ip.ipv6-unauthorised ip.blocklisted ip.blocklist-refused ip.blocklist-dead ip.blocklist-informational`,
	},
	{"settings/findings_test.go", "TestFindings", `transport.password-unreadable`},
}

// testEveryRule holds that every declared code is raised by the corpus, or by
// a test that elsewhere names.
func testEveryRule(t *testing.T, seen *raised) {
	named := map[string]bool{}
	for _, e := range elsewhere {
		text, err := os.ReadFile(filepath.FromSlash(e.file))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "func "+e.test+"(") {
			t.Errorf("%s has no %s", e.file, e.test)
		}
		for _, code := range strings.Fields(e.codes) {
			named[code] = true
			if _, declared := checks.Rule(code); !declared {
				t.Errorf("%s, which %s should raise, is not declared", code, e.file)
			}
			if !strings.Contains(string(text), code) {
				t.Errorf("%s does not raise %s", e.file, code)
			}
			if seen.codes[code] {
				t.Errorf("%s is named, and the corpus raises it", code)
			}
		}
	}
	for _, r := range checks.Rules() {
		if !seen.codes[r.Code] && !named[r.Code] {
			t.Errorf("nothing raises %s (tier %d)", r.Code, r.Tier)
		}
	}
}
