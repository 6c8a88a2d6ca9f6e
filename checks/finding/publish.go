package finding

// Standing is what stands at a name where a TXT record is to be.
type Standing struct {
	Owner string   // the name at which the texts stand: behind a CNAME another one
	Texts []string // the records that the new one takes the place of
	Alias string   // where a CNAME leads that has no record behind it; "" for none
}

// PublishTXT is the fix that leaves one TXT record of the value at name. The
// first of the texts that stand there is replaced, the others go.
func PublishTXT(name, value string, s Standing) *Fix {
	fix := &Fix{Summary: "Publish this TXT record at " + name + "."}
	rec := Record{Name: name, Type: "TXT", Value: value}
	switch {
	case len(s.Texts) > 0:
		rec.Name, rec.Replaces = s.Owner, &s.Texts[0]
		fix.Summary = "Replace the TXT record at " + rec.Name + "."
		if len(s.Texts) > 1 {
			fix.Summary = "Keep one TXT record at " + rec.Name + ", and remove the others."
		}
		fix.Records = RemoveTXT(rec.Name, s.Texts[1:])
	case s.Alias != "": // a CNAME that leads nowhere takes the place of the record
		fix.Summary = "Publish this TXT record at " + name + " in place of the CNAME."
		fix.Records = []Record{{Name: name, Type: "CNAME", Replaces: &s.Alias, Remove: true}}
	}
	fix.Records = append(fix.Records, rec)
	return fix
}

// RemoveTXT takes TXT records away.
func RemoveTXT(name string, texts []string) []Record {
	var out []Record
	for i := range texts {
		out = append(out, Record{Name: name, Type: "TXT", Replaces: &texts[i], Remove: true})
	}
	return out
}
