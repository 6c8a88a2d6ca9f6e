package config

import (
	"errors"

	"go.yaml.in/yaml/v3"
)

// copyOf copies a tree. Aliases in it refer to the copies. A document without
// keys gets an empty mapping.
func copyOf(n *yaml.Node) *yaml.Node {
	if n == nil {
		return &yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{{Kind: yaml.MappingNode}}}
	}
	copies := map[*yaml.Node]*yaml.Node{}
	out := copyNode(n, copies)
	for _, c := range copies {
		if to, inside := copies[c.Alias]; inside {
			c.Alias = to
		}
	}
	if out.Kind == yaml.DocumentNode && len(out.Content) == 1 && isNull(out.Content[0]) {
		null := out.Content[0]
		out.Content[0] = &yaml.Node{Kind: yaml.MappingNode, HeadComment: null.HeadComment, FootComment: null.FootComment}
	}
	return out
}

func copyNode(n *yaml.Node, copies map[*yaml.Node]*yaml.Node) *yaml.Node {
	c := *n
	copies[n] = &c
	c.Content = nil
	for _, child := range n.Content {
		c.Content = append(c.Content, copyNode(child, copies))
	}
	return &c
}

// uncommented is a copy without comments.
func uncommented(n *yaml.Node) *yaml.Node {
	c := copyOf(n)
	var clear func(*yaml.Node)
	clear = func(n *yaml.Node) {
		n.HeadComment, n.LineComment, n.FootComment = "", "", ""
		for _, child := range n.Content {
			clear(child)
		}
	}
	clear(c)
	return c
}

// alike says whether two trees hold the same, however it is written.
func alike(a, b *yaml.Node) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.Kind != b.Kind || a.Anchor != b.Anchor || a.Value != b.Value || len(a.Content) != len(b.Content) {
		return false
	}
	if a.Kind == yaml.ScalarNode && a.ShortTag() != b.ShortTag() || a.Kind != yaml.ScalarNode && ownTag(a) != ownTag(b) {
		return false
	}
	for i := range a.Content {
		if !alike(a.Content[i], b.Content[i]) {
			return false
		}
	}
	return true
}

// ownTag is the tag of a mapping or a list where it has one of its own.
func ownTag(n *yaml.Node) string {
	if t := n.ShortTag(); t != "!!map" && t != "!!seq" {
		return t
	}
	return ""
}

// maxCopied bounds what aliases of aliases can grow to.
const maxCopied = 10_000

var errTangled = errors.New("the file cannot be changed: its anchors (&) and aliases (*) are too entangled")

// untangle writes out the aliases whose anchor no longer stands before them:
// it was removed, moved or replaced. The first of these takes the anchor over.
func untangle(doc *yaml.Node) error {
	u := untangler{anchors: map[string]*yaml.Node{}}
	u.walk(doc)
	if u.copied > maxCopied {
		return errTangled
	}
	return nil
}

type untangler struct {
	anchors map[string]*yaml.Node // that stand before this place
	copied  int
}

func (u *untangler) walk(n *yaml.Node) {
	if n.Anchor != "" {
		u.anchors[n.Anchor] = n
	}
	for i, c := range n.Content {
		if c.Kind == yaml.AliasNode && u.copied <= maxCopied {
			n.Content[i] = u.written(c)
		}
		u.walk(n.Content[i])
	}
}

// written is an alias as it may stand here.
func (u *untangler) written(alias *yaml.Node) *yaml.Node {
	stands := u.anchors[alias.Value]
	if stands == alias.Alias || stands != nil && alike(stands, alias.Alias) {
		return alias
	}
	c := copyOf(alias.Alias)
	u.copied += count(c)
	if stands != nil { // the name means something else by now
		c.Anchor = ""
	}
	c.HeadComment, c.LineComment, c.FootComment = alias.HeadComment, alias.LineComment, alias.FootComment
	return c
}

func count(n *yaml.Node) int {
	sum := 1
	for _, c := range n.Content {
		sum += count(c)
	}
	return sum
}
