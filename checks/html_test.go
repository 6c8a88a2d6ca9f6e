package checks

import (
	"bytes"
	"fmt"
	"io/fs"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"clockwise.info/cwmail/checks/finding"
)

// parsed reads a page and holds what is true of each: it is one whole document
// in a language, without anything from elsewhere, with headings in order and
// links that lead somewhere.
func parsed(t *testing.T, page []byte) *html.Node {
	t.Helper()
	doc, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(page, []byte("<!DOCTYPE html>\n")) {
		t.Errorf("it begins with %.40q", page)
	}
	forbidden := []string{"script", "link", "img", "iframe", "object", "embed", "form", "input", "base", "svg", "b", "template", "font"}
	ids, links := map[string]bool{}, []string{}
	level, titles, tops := 0, 0, 0
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if slices.Contains(forbidden, n.Data) {
			t.Errorf("it holds an element %s", n.Data)
		}
		if n.Data == "title" && strings.TrimSpace(inner(n)) != "" {
			titles++
		}
		if len(n.Data) == 2 && n.Data[0] == 'h' && n.Data[1] >= '1' && n.Data[1] <= '6' {
			at := int(n.Data[1] - '0')
			if at > level+1 {
				t.Errorf("a heading of level %d follows one of level %d: %s", at, level, inner(n))
			}
			if level = at; at == 1 {
				tops++
			}
		}
		for _, a := range n.Attr {
			switch {
			case a.Key == "id" && ids[a.Val]:
				t.Errorf("two elements are called %s", a.Val)
			case a.Key == "id":
				ids[a.Val] = true
			case a.Key == "href" && strings.HasPrefix(a.Val, "#"), a.Key == "aria-labelledby":
				links = append(links, strings.TrimPrefix(a.Val, "#"))
			case strings.HasPrefix(a.Key, "on"), a.Key == "href", a.Key == "src", a.Key == "style":
				t.Errorf("an element %s has %s=%q", n.Data, a.Key, a.Val)
			case n.Data == "html" && a.Key == "lang" && a.Val == "en":
				titles += 10
			}
		}
	}
	if titles != 11 || tops != 1 {
		t.Errorf("language and title make %d, want 11; there are %d headings of level 1", titles, tops)
	}
	for _, l := range links {
		if !ids[l] {
			t.Errorf("a link leads to %q, which is not there", l)
		}
	}
	if css := pageStyle(t); strings.Contains(css, "url(") || strings.Contains(css, "@import") {
		t.Error("the style takes something from elsewhere")
	}
	return doc
}

// inner is the text of an element.
func inner(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

// elements are the texts of all elements of that name and class.
func elements(doc *html.Node, name, class string) []string {
	var out []string
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode || n.Data != name {
			continue
		}
		if class == "" || slices.Contains(n.Attr, html.Attribute{Key: "class", Val: class}) {
			out = append(out, inner(n))
		}
	}
	return out
}

func TestWriteHTML(t *testing.T) {
	for name, reports := range map[string][]Report{"one": {sample()}, "several": append(several(), sample(), Report{}), "none": nil} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := WriteHTML(&b, reports, nil); err != nil {
				t.Fatal(err)
			}
			doc := parsed(t, b.Bytes())
			if len(elements(doc, "h3", "")) < len(reports) {
				t.Error("a report has no heading")
			}
		})
	}
	var b bytes.Buffer
	if err := WriteHTML(&b, []Report{sample()}, nil); err != nil {
		t.Fatal(err)
	}
	doc := parsed(t, b.Bytes())
	records := elements(doc, "pre", "whole")
	if !slices.Contains(records, "v=DKIM1; k=rsa; p="+strings.Repeat("MIIB", 90)) || !slices.Contains(records, "v=spf1 mx -all") {
		t.Errorf("the records are %q", records)
	}
	if old := elements(doc, "pre", "old"); !slices.Equal(old, []string{"v=spf1 -all", "v=spf1 -all"}) {
		t.Errorf("what goes is %q", old)
	}
	if !strings.Contains(strings.Join(elements(doc, "details", ""), ""), "v=spf1 ^[]52;c;eA==^G `x` [l](http://evil.test) <b>^M (192.0.2.1:53, 03:04:05)") {
		t.Errorf("the evidence is %q", elements(doc, "details", ""))
	}
	if bytes.Contains(b.Bytes(), []byte("hunter2")) {
		t.Error("a password came through")
	}
}

// TestHostileTextInHTML puts markup into every text that comes from outside.
func TestHostileTextInHTML(t *testing.T) {
	evil := "\"'></style></pre><script>alert(1)</script><b onclick=x>{{.}} %[1]s \ue000\ue001 \x1b[31m\u202e\xff"
	rule := &finding.Rule{Code: "x.y", Severity: finding.Failure, Owner: finding.CustomerDNS, Title: "T %[1]s", Saw: "S %[2]s", Effect: "E %[1]s.", Action: "A %[2]s."}
	r := Report{
		Target: evil, Domain: evil, Verdict: Verdict(evil), Paths: []Path{{SPF: evil, From: evil, DKIM: evil, DMARC: evil}},
		Findings: []finding.Finding{{
			Rule: rule, Subject: evil + "x", Object: evil, Args: []string{evil, evil},
			Evidence: []finding.Evidence{{Server: evil, Name: evil, Type: evil, Answer: evil}},
			Fix:      &finding.Fix{Summary: evil, Command: evil, Records: []finding.Record{{Name: evil, Type: evil, Value: evil, Replaces: &evil}}},
		}, {Rule: rule, SilencedBy: evil}},
	}
	for _, reports := range [][]Report{{r}, {r, sample(), r}} {
		var b bytes.Buffer
		if err := WriteHTML(&b, reports, nil); err != nil {
			t.Fatal(err)
		}
		parsed(t, b.Bytes())
		for _, c := range b.String() {
			if c < ' ' && c != '\n' || c == '\u202e' || c == 0xfffd || c >= 0xe000 && c <= 0xf8ff {
				t.Errorf("%U came through", c)
			}
		}
	}
}

func TestHideInHTML(t *testing.T) {
	var b bytes.Buffer
	hide := strings.NewReplacer("acme.example", "[name 1]", "MIIB", "", "v=spf1", "[key]").Replace
	if err := WriteHTML(&b, []Report{sample()}, hide); err != nil {
		t.Fatal(err)
	}
	parsed(t, b.Bytes())
	for _, private := range []string{"acme.example", "MIIB", "v=spf1"} {
		if strings.Contains(b.String(), private) {
			t.Errorf("%s came through", private)
		}
	}
}

func pageStyle(t *testing.T) string {
	t.Helper()
	frame, err := fs.ReadFile(pageFiles, "page/frame.html")
	if err != nil {
		t.Fatal(err)
	}
	_, css, _ := strings.Cut(string(frame), "<style>")
	css, _, _ = strings.Cut(css, "</style>")
	return css
}

// TestPageColours holds that all text has the contrast of WCAG 2 level AA
// (1.4.3), on light and on dark and on paper.
func TestPageColours(t *testing.T) {
	blocks := regexp.MustCompile(`(?s):root \{(.*?)\}`).FindAllStringSubmatch(pageStyle(t), -1)
	if len(blocks) != 3 {
		t.Fatalf("there are %d sets of colours", len(blocks))
	}
	for i, block := range blocks {
		colours := map[string]string{}
		for _, m := range regexp.MustCompile(`--(\w+): (#[0-9a-f]{6});`).FindAllStringSubmatch(block[1], -1) {
			colours[m[1]] = m[2]
		}
		for _, name := range []string{"ink", "soft", "link", "failure", "unknown", "warning", "note", "ok"} {
			for _, ground := range []string{"paper", "panel"} {
				if c := contrast(t, colours[name], colours[ground]); c < 4.5 {
					t.Errorf("set %d: %s on %s has a contrast of %.2f", i, name, ground, c)
				}
			}
		}
	}
	if c := contrast(t, "#000000", "#ffffff"); c != 21 {
		t.Errorf("black on white has %v", c)
	}
}

// contrast is the ratio of WCAG 2.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v, err := strconv.ParseUint(fmt.Sprintf("%.7s", colour)[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(v) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
