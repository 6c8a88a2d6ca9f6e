package transports_test

import (
	"strings"
	"testing"

	"clockwise.info/cwmail/transports"
)

func TestApply(t *testing.T) {
	list := []transports.Transport{{Name: "a"}, {Name: "b"}, {Name: "c"}}
	d := transports.Transport{Name: "d"}
	for _, c := range []struct {
		change transports.Change
		want   string
	}{
		{transports.Change{Kind: transports.AddTransport, To: d, At: -1}, "a b c d"},
		{transports.Change{Kind: transports.AddTransport, To: d, At: 99}, "a b c d"},
		{transports.Change{Kind: transports.AddTransport, To: d}, "d a b c"},
		{transports.Change{Kind: transports.EditTransport, Name: "b", To: d}, "a d c"},
		{transports.Change{Kind: transports.RemoveTransport, Name: "b"}, "a c"},
		{transports.Change{Kind: transports.MoveTransport, Name: "a", At: 2}, "b c a"},
		{transports.Change{Kind: transports.MoveTransport, Name: "c", At: 0}, "c a b"},
		{transports.Change{Kind: transports.MoveTransport, Name: "b", At: 9}, "a c b"},
		{transports.Change{Kind: transports.RemoveTransport, Name: "z"}, "a b c"},
	} {
		var got []string
		for _, x := range c.change.Apply(list) {
			got = append(got, x.Name)
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%+v: %s, want %s", c.change, s, c.want)
		}
	}
	if list[0].Name != "a" || len(list) != 3 {
		t.Error("the list itself is changed")
	}
}
