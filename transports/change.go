package transports

// Change is one change of the list of transports.
type Change struct {
	Kind ChangeKind
	Name string    // of the transport that is changed; "" for AddTransport
	To   Transport // of AddTransport and EditTransport
	At   int       // of MoveTransport: its new place, from 0; of AddTransport too, -1 is the end
}

// ChangeKind is what a change does.
type ChangeKind uint8

// The kinds.
const (
	AddTransport ChangeKind = iota
	EditTransport
	RemoveTransport
	MoveTransport
)
