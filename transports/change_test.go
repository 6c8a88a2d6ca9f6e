package transports

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func farm() Transport {
	return Transport{
		Name: "Farm", Type: SMTP, Match: Match{Domain: "farm.example"},
		Server: Server{Host: "mail.farm.example", Port: 587, Security: "starttls", Auth: "plain", Username: "jan", Password: NewClearSecret("hunter2")},
	}
}

func edit(change func(*Transport)) Transport {
	t := farm()
	change(&t)
	return t
}

func TestChangeInWords(t *testing.T) {
	port := edit(func(t *Transport) { t.Server.Port = 465 })
	for _, c := range []struct {
		change         Change
		text, describe string
	}{
		{Change{Kind: AddTransport, To: Transport{Name: "Invoices"}, At: -1}, "adds Invoices", "adds Invoices"},
		{Change{Kind: EditTransport, Name: "Farm", To: port}, "changes Farm", "changes port of Farm"},
		{Change{Kind: EditTransport, Name: "Farm", To: farm()}, "changes Farm", "changes nothing of Farm"},
		{Change{Kind: EditTransport, Name: "Farm", To: edit(func(t *Transport) { t.Name = "Barn" })}, "changes Farm to Barn", "renames Farm to Barn"},
		{
			Change{Kind: EditTransport, Name: "Farm", To: edit(func(t *Transport) { t.Name, t.Server.Port, t.Server.Host = "Barn", 25, "x.example" })},
			"changes Farm to Barn", "renames Farm to Barn and changes host and port of Farm",
		},
		{Change{Kind: EditTransport, Name: "Farm", To: Transport{Name: "Farm"}}, "changes Farm", "changes type, domain, host and 5 more of Farm"},
		{Change{Kind: RemoveTransport, Name: "Farm"}, "removes Farm", "removes Farm"},
		{Change{Kind: MoveTransport, Name: "Farm", At: 0}, "moves Farm to place 1", "moves Farm to place 1"},
	} {
		if got := c.change.String(); got != c.text {
			t.Errorf("got %q, want %q", got, c.text)
		}
		if got := c.change.Describe(farm()); got != c.describe {
			t.Errorf("got %q, want %q", got, c.describe)
		}
	}
}

func TestDifferencesHideSecrets(t *testing.T) {
	for _, c := range []struct {
		to   Secret
		want Difference
	}{
		{NewClearSecret("s3cr3t"), Difference{"password", "set", "changed"}},
		{Secret{}, Difference{"password", "set", "not set"}},
		{Secret{Kind: CommandSecret, Ref: "echo hunter2"}, Difference{"password", "set", "from a command"}},
		{Secret{Kind: EnvSecret, Ref: "P"}, Difference{"password", "set", "from the variable P"}},
	} {
		got := Differences(farm(), edit(func(t *Transport) { t.Server.Password = c.to }))
		if len(got) != 1 || got[0] != c.want {
			t.Errorf("got %+v, want %+v", got, c.want)
		}
		if s := fmt.Sprintf("%#v", got); strings.Contains(s, "hunter2") || strings.Contains(s, "s3cr3t") {
			t.Errorf("a secret shows: %s", s)
		}
	}
	if got := Differences(farm(), farm()); got != nil || !Same(farm(), edit(func(t *Transport) { t.Line = 7 })) {
		t.Errorf("the same differs: %v", got)
	}
}

// TestEverySettingIsCompared finds a setting that was added to Transport and
// forgotten in fields.
func TestEverySettingIsCompared(t *testing.T) {
	skip := map[string]bool{"BuiltIn": true, "Line": true, "Key": true}
	var walk func(v reflect.Value, path string, whole reflect.Value)
	walk = func(v reflect.Value, path string, whole reflect.Value) {
		for i := range v.NumField() {
			f, name := v.Field(i), v.Type().Field(i).Name
			if skip[name] || !v.Type().Field(i).IsExported() {
				continue
			}
			switch f.Kind() {
			case reflect.Struct:
				walk(f, path+name+".", whole)
				continue
			case reflect.String:
				f.SetString("x")
			case reflect.Int:
				f.SetInt(7)
			case reflect.Bool:
				f.SetBool(true)
			default:
				t.Fatalf("%s%s: what is a %s?", path, name, f.Kind())
			}
			changed := whole.Interface().(Transport)
			if len(Differences(Transport{}, changed)) != 1 {
				t.Errorf("%s%s is not compared", path, name)
			}
			if merged, both := MergeEdits(Transport{}, changed, Transport{}); len(both) > 0 || !Same(merged, changed) {
				t.Errorf("%s%s is not merged", path, name)
			}
			f.SetZero()
		}
	}
	v := reflect.ValueOf(&Transport{}).Elem()
	walk(v, "", v)
}

func TestMergeEdits(t *testing.T) {
	mine := edit(func(t *Transport) { t.Server.Port, t.From, t.Envelope = 465, "a@farm.example", "same@farm.example" })
	theirs := edit(func(t *Transport) {
		t.Server.Host, t.From, t.Envelope = "new.farm.example", "b@farm.example", "same@farm.example"
	})
	got, both := MergeEdits(farm(), mine, theirs)
	want := edit(func(t *Transport) {
		t.Server.Port, t.Server.Host, t.From, t.Envelope = 465, "new.farm.example", "b@farm.example", "same@farm.example"
	})
	if !Same(got, want) || fmt.Sprint(both) != "[sender]" {
		t.Errorf("got %+v, both %v", got, both)
	}
}
