package transports

import "slices"

// Apply returns the list with the change carried out; a change of a transport
// that is not there changes nothing. The list itself stays as it is.
func (c Change) Apply(list []Transport) []Transport {
	list = slices.Clone(list)
	i := slices.IndexFunc(list, func(t Transport) bool { return t.Name == c.Name })
	switch {
	case c.Kind == AddTransport && (c.At < 0 || c.At > len(list)):
		return append(list, c.To)
	case c.Kind == AddTransport:
		return slices.Insert(list, c.At, c.To)
	case i < 0:
	case c.Kind == EditTransport:
		list[i] = c.To
	case c.Kind == RemoveTransport:
		return slices.Delete(list, i, i+1)
	case c.Kind == MoveTransport:
		t := list[i]
		list = slices.Delete(list, i, i+1)
		return slices.Insert(list, min(max(c.At, 0), len(list)), t)
	}
	return list
}
