package dns

import "context"

// Circle tells a name whose CNAMEs go in a circle from other failures: most
// resolvers answer both with SERVFAIL. It asks for one CNAME at a time, and
// nothing where the answer is no SERVFAIL.
func Circle(ctx context.Context, r Resolver, a Answer) Answer {
	if kind, failed := a.Kind(); !failed || kind != KindServFail || a.Bogus() {
		return a
	}
	var chain []string
	for name := a.Question.Name; !looped(a.Question.Name, chain); {
		c := r.Lookup(ctx, Ask(name, TypeCNAME))
		if c.Status != Found {
			return a
		}
		name = c.Records[0].Host
		chain = append(chain, name)
	}
	a.Chain = chain
	a.fail(&Error{Kind: KindLoop, Server: a.Server})
	return a
}
