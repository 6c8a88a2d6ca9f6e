package dkim

import (
	"crypto"
	"slices"
	"strconv"
	"strings"
)

// mend writes the record again with the given key and without what is wrong:
// tags keep their order and everything that does no harm stays.
func mend(fields []field, pub crypto.PublicKey) string {
	p := keyText(pub)
	if p == "" {
		return ""
	}
	kind := KeyType(pub)
	out := []string{"v=" + version}
	_, hasKey := get(fields, "p")
	_, hasType := get(fields, "k")
	if !hasType && (kind != "rsa" || !hasKey) {
		out = append(out, "k="+kind)
	}
	for _, f := range fields {
		switch f.name {
		case "p":
			f.value = p
		case "k":
			f.value = kind
		case "h":
			f.value = mendHashes(f.value)
		case "s":
			if !slices.ContainsFunc(items(f.value), isMailService) {
				f.value = ""
			}
		case "t":
			f.value = without(f.value, "y")
		case "v", "g":
			f.value = ""
		}
		if f.value != "" {
			out = append(out, f.name+"="+f.value)
		}
	}
	if !hasKey {
		out = append(out, "p="+p)
	}
	return strings.Join(out, "; ")
}

// mendHashes takes sha1 away; a list without sha256 goes altogether.
func mendHashes(value string) string {
	if !slices.Contains(items(value), "sha256") {
		return ""
	}
	return without(value, "sha1")
}

func without(list, item string) string {
	return strings.Join(slices.DeleteFunc(items(list), func(s string) bool { return s == item || s == "" }), ":")
}

// nextSelector is the name for a new key beside the present one: cw1 → cw2.
func nextSelector(selector string) string {
	base := strings.TrimRight(selector, "0123456789")
	n, err := strconv.ParseUint(selector[len(base):], 10, 31)
	if err != nil {
		return selector + "2"
	}
	return base + strconv.FormatUint(n+1, 10)
}
