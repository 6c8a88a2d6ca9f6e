package spf

import (
	"net/netip"

	"clockwise.info/cwmail/checks/dns"
)

// Node is one term of a record with what it leads to. The root stands for the
// domain itself. The tree does not depend on a client: it shows every term,
// also behind the limits of section 4.6.4.
type Node struct {
	Domain string // whose record this is, or the name that the term asks; macros not expanded
	Term   string // as written in the parent; "" at the root
	Index  int    // of the term in the parent's Record.Terms

	Record *Record    // of the root, an include or a redirect; nil without exactly one
	Answer dns.Answer // what was asked for Domain (TXT, A or MX); zero when nothing was

	// Records are all SPF records in Answer; more than one is a permerror.
	Records []Record

	Cost    int // 1 if the term counts as a look-up
	Lookups int // with everything below
	Void    int // void answers, with everything below; see Result.VoidLookups

	// Answers are the further answers of an a (AAAA) or mx (addresses of the
	// hosts), in the order in which they were asked for.
	Answers []dns.Answer
	// Addresses are what a and mx gave, in that order, without duplicates.
	Addresses []netip.Addr
	// Hosts are the MX hosts of an mx.
	Hosts []string

	Children []*Node // one for each term of Record, in order
	Err      error   // *SyntaxError or *Problem: why this node makes a permerror or temperror by itself

	Loop     bool // Domain stands on its own path already: not followed
	Cut      bool // not followed, as the tree has become too large
	Inactive bool // never tested: behind an "all", or a redirect beside one
	Dynamic  bool // has macros that need a client: nothing was asked
}

// IsRedirect says whether n is the target of a redirect=.
func (n *Node) IsRedirect() bool { return len(n.Term) > 9 && lower(n.Term[:9]) == "redirect=" }
